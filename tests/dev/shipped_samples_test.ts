import assert from "node:assert/strict";
import { join } from "node:path";
import { readFinishedRun } from "../../src/runs/finished_run.ts";
import { digestFile } from "../../src/storage/hash.ts";

const SAMPLES = "output/samples";

/** The runs that ship, by their folders. */
async function shippedRuns(): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(SAMPLES));
  return entries.filter(({ isDirectory }) => isDirectory).map(({ name }) => join(SAMPLES, name));
}

Deno.test("the shipped samples are complete and belong to the shipped models", async () => {
  const scripts = new Set<string>();
  for (const run of await shippedRuns()) {
    const { script, model } = await readFinishedRun(run);
    scripts.add(script);
    for (const [name, recorded] of Object.entries(model.files)) {
      const { sha256 } = await digestFile(join("models", model.name, name));
      assert.equal(sha256, recorded.sha256, `${run} was made with another ${name}`);
    }
  }
  assert.deepEqual([...scripts].sort(), ["parallel_dit", "parallel_sd", "parallel_sd_winit"]);
});
