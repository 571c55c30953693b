import assert from "node:assert/strict";
import { join } from "node:path";
import { TASK_NAMES, TASKS } from "../../src/arguments/tasks.ts";
import { COMMANDS } from "../../src/cli/commands/commands.ts";
import { runInspect } from "../../src/cli/commands/inspect_script.ts";
import { FormatError, ModelError } from "../../src/errors.ts";
import { RunLock } from "../../src/runs/run_lock.ts";
import { readManifest, runQuietly } from "../support/sampling.ts";
import { withTempFolder } from "../support/temp_folder.ts";
import { writeTinyDit } from "../support/tiny_dit.ts";

async function inspect(path: string): Promise<{ lines: string[]; error: unknown }> {
  const { log } = console;
  const lines: string[] = [];
  console.log = (text: string) => lines.push(...text.split("\n"));
  const error = await runInspect([path, "--no_hash"], new AbortController().signal)
    .catch((error) => error)
    .finally(() => console.log = log);
  return { lines, error };
}

/** A run of three samples, and a way to make its manifest one of a run that only has the first. */
function withStoppedRun(
  test: (run: string, stop: (fields: object) => Promise<void>) => Promise<void>,
): Promise<void> {
  return withTempFolder(async (folder) => {
    const model = await writeTinyDit(folder);
    const args = ["-m", model, "-o", join(folder, "out"), "--timesteps=4", "--num_samples=3"];
    const run = await runQuietly("dit", args);
    const manifest = await readManifest(run);
    assert.equal(manifest.samplesWanted, 3);
    await test(run, async (fields) => {
      const samples = manifest.samples.slice(0, 1);
      const json = JSON.stringify({ ...manifest, samples, ...fields });
      await Deno.writeTextFile(join(run, "manifest.json"), json);
    });
  });
}

Deno.test("runInspect() reports a run's progress, its process and the command that resumes it", () =>
  withStoppedRun(async (run, stop) => {
    const resume = `  resume         deno task dit --resume ${run}`;
    const expectRun = async (what: string, { has, not }: { has: string[]; not: string[] }) => {
      const { lines, error } = await inspect(run);
      assert.equal(error, undefined, String(error));
      assert.equal(lines[0], `${run}: run of "parallel_dit", ${what}: 1 of 3 samples finished`);
      for (const line of has) assert.ok(lines.includes(line), lines.join("\n"));
      for (const line of not) assert.ok(!lines.includes(line), lines.join("\n"));
    };
    await stop({ status: "running" });
    await expectRun("unfinished, its process is gone", { has: [resume], not: [] });
    {
      await using _lock = await RunLock.acquire(run);
      await expectRun(`in progress (process ${Deno.pid} on ${Deno.hostname()})`, {
        has: [],
        not: [resume],
      });
    }
    await Deno.writeTextFile(join(run, ".parataa.lock"), "1\n"); // as a killed process leaves it
    await expectRun("unfinished, its process is gone", { has: [resume], not: [] });
    await stop({ status: "interrupted" });
    await expectRun("interrupted", { has: [resume], not: [] });
    await stop({ status: "failed", error: { code: "E_NUMERICAL", message: "NaN in round 2" } });
    const has = [resume, "  error          E_NUMERICAL: NaN in round 2"];
    await expectRun("failed", { has, not: [] });
  }));

Deno.test("runInspect() checks only the finished samples of an unfinished run", () =>
  withStoppedRun(async (run, stop) => {
    await stop({ status: "running", samplesWanted: undefined });
    await Deno.remove(join(run, "sample_2"), { recursive: true });
    const { lines, error } = await inspect(run);
    assert.equal(error, undefined, String(error));
    assert.match(lines[0], /its process is gone: 1 sample finished$/);
    await Deno.remove(join(run, "sample_0/step_0.png"));
    const damaged = await inspect(run);
    assert.ok(damaged.error instanceof ModelError || damaged.error instanceof FormatError);
    assert.match(String(damaged.error), /sample_0\/step_0\.png is missing/);
  }));

Deno.test("runInspect() names the task of every sampling command", () => {
  for (const task of TASK_NAMES) {
    assert.equal(COMMANDS[task].script, TASKS[task].script);
  }
});
