import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { runChild } from "../support/run_child.ts";

const SCENARIOS = {
  forcedCollection: "Tensor pins its memory under forced collection",
  doubleClose: "close() may be called twice on everything",
  useAfterClose: "use after close() is a TypeError",
  closeInFlight: "close() during runs takes effect after them",
  cancelInFlight: "run() under an aborted signal rejects with its reason and frees nothing early",
  abandoned: "objects dropped without close() are released by the collector",
  abandonedInFlight: "objects dropped during runs stay until the runs have ended",
  concurrent: "runs of two sessions at once give their own results",
  exitInFlight: "the process may exit while a run is under way",
  workers: "a Worker has an environment of its own over the same library, and may share memory",
  reopen: "Environment.open() works again after the last close()",
};

async function runScenario(name: string): Promise<string> {
  const script = new URL("lifetime_child.ts", import.meta.url);
  // Starting a Worker reads its sources.
  const read = `--allow-read=${fileURLToPath(new URL("../../", script))}`;
  const { code, signal, stdout, stderr } = await runChild(script, {
    flags: ["--allow-ffi", read, "--v8-flags=--expose-gc"],
    args: [name],
  });
  assert.equal(code, 0, `signal ${signal}\n${stderr}`);
  assert.equal(stderr, "");
  return stdout;
}

Deno.test("lifetime_child.ts has a test for each scenario", async () => {
  assert.deepEqual((await runScenario("list")).split("\n"), Object.keys(SCENARIOS));
});

for (const [scenario, criterion] of Object.entries(SCENARIOS)) {
  Deno.test(`${criterion} (${scenario})`, async () => {
    assert.equal(await runScenario(scenario), `done ${scenario}`);
  });
}
