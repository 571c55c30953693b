import assert from "node:assert/strict";
import { RuntimeLibraryError } from "../../src/errors.ts";
import { liveWorkers } from "../../src/devices/worker_link.ts";
import { followPlan, type PlannedFault } from "../support/fault_plan.ts";
import { outputsOf, readManifest, runQuietly } from "../support/sampling.ts";
import { withTempFolder } from "../support/temp_folder.ts";
import { writeTinyDit } from "../support/tiny_dit.ts";

/** Runs parallel_dit on the tiny DiT over lanes that follow a plan. */
async function sampled(
  use: (
    run: (faults?: readonly PlannedFault[], signal?: AbortSignal) => Promise<string>,
    folder: string,
  ) => Promise<void>,
): Promise<void> {
  await withTempFolder(async (folder) => {
    const model = await writeTinyDit(folder);
    const args = ["-m", model, "-o", `${folder}/out`, "--timesteps=8", "--num_samples=3"];
    await use(async (faults, signal) => {
      if (!faults) return await runQuietly("dit", args, signal);
      const marks = await Deno.makeTempDir({ dir: folder });
      followPlan({ faults, marks });
      try {
        const devices = ["--devices=cpu:3", "--deadline=1", "--concurrent_samples=2"];
        return await runQuietly("dit", [...args, ...devices], signal);
      } finally {
        followPlan();
        assert.equal(liveWorkers(), 0);
      }
    }, folder);
  });
}

Deno.test("parallel_dit gives the same bytes despite device faults, and records them in the manifest", () =>
  sampled(async (run) => {
    const wanted = await outputsOf(await run());
    const path = await run([
      { device: "cpu:0", op: "run", kind: "status", at: 2, times: "persistent" },
      { device: "cpu:1", op: "run", kind: "spin", at: 3, times: "once" },
      { device: "cpu:2", op: "run", kind: "nan", at: 4, times: "once" },
    ]);
    assert.deepEqual(await outputsOf(path), wanted);
    const devices = (await readManifest(path)).devices!;
    assert.deepEqual(devices.map(({ name, state }) => `${name} ${state}`), [
      "cpu:0 lost",
      "cpu:1 ready",
      "cpu:2 ready",
    ]);
    assert.deepEqual(
      devices.map(({ faults }) => faults.map(({ kind, count }) => `${kind} ${count}`)),
      [["call 3"], ["hang 1"], devices[2].faults.map(({ count }) => `nonfinite ${count}`)],
    );
    assert.ok(devices[2].faults[0].count >= 1);
    assert.equal(devices[1].restarts, 1);
    assert.ok(Math.abs(devices.reduce((sum, { share }) => sum + share, 0) - 1) < 1e-9);
  }));

Deno.test("parallel_dit exits with 7 if no device is left, and records the reason in the manifest", () =>
  sampled(async (run, folder) => {
    const dead = { op: "run", kind: "throw", at: 3, times: "persistent" } as const;
    await assert.rejects(run([dead]), (error) => {
      assert.ok(error instanceof RuntimeLibraryError, String(error));
      assert.match(error.message, /^no device is left: cpu:0 \(planned: it threw\), cpu:1 /);
      return true;
    });
    const [{ name }] = await Array.fromAsync(Deno.readDir(`${folder}/out`));
    const manifest = await readManifest(`${folder}/out/${name}`);
    assert.deepEqual([manifest.status, manifest.error?.code], ["failed", "E_RUNTIME"]);
    assert.ok(manifest.devices!.every(({ state }) => state === "lost"));
  }));

Deno.test("parallel_dit stops soon after SIGINT even if devices hang", () =>
  sampled(async (run) => {
    const controller = new AbortController();
    const stuck = { op: "run", kind: "spin", at: 2, times: "persistent" } as const;
    setTimeout(() => controller.abort(new Error("told to")), 1500);
    // Without an end of its own the run would wait for the deadline of every new Worker.
    await assert.rejects(run([{ ...stuck, device: "cpu:1" }], controller.signal), /told to/);
  }));
