import assert from "node:assert/strict";
import { createSchedule, type Denoiser, parallelSample, TorchGenerator } from "../../../mod.ts";
import { PLAIN_KERNELS } from "../../../src/sampling/kernels/plain_kernels.ts";
import { Workspace } from "../../../src/sampling/kernels/workspace.ts";
import { runChild } from "../../support/run_child.ts";
import { chainDigest } from "./chain_digest.ts";

const SIZE = 16;

Deno.test("Workspace gives the memory of one that was disposed of, but never to two", () => {
  const first = new Workspace(20, SIZE), { buffer } = first.allocate(SIZE);
  const beside = new Workspace(20, SIZE);
  assert.notEqual(beside.allocate(SIZE).buffer, buffer, "in use");
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  const next = [new Workspace(10, SIZE), new Workspace(10, SIZE)];
  assert.equal(next[0].allocate(SIZE).buffer, buffer);
  assert.notEqual(next[1].allocate(SIZE).buffer, buffer);
  assert.throws(() => first.allocate(SIZE), RangeError, "given back");
});

Deno.test("Workspace gives rows apart from each other, as many as it was opened for", () => {
  const workspace = new Workspace(3, SIZE);
  const rows = [0, 1, 2].map((i) => workspace.allocate(SIZE).fill(i));
  workspace.kernels.weighted([1, 1], [rows[0], rows[1]], rows[2]);
  assert.deepEqual(rows.map((row) => row[SIZE - 1]), [0, 1, 1]);
  assert.throws(() => workspace.allocate(1e6), { message: "the workspace is too small" });
});

Deno.test("Workspace runs plain loops over rows whose length is no multiple of four", () => {
  assert.equal(new Workspace(3, 6).kernels, PLAIN_KERNELS);
  assert.notEqual(new Workspace(3, SIZE).kernels, PLAIN_KERNELS);
});

/** A denoiser for data that is a single point; notes the memory it is given. */
function pointDenoiser(seen: ArrayBufferLike[], fails = () => false): Denoiser {
  return {
    rowSize: SIZE,
    predictNoise(latents, _steps, out) {
      seen.push(latents.buffer);
      if (fails()) return Promise.reject(new Error("the device is gone"));
      out.forEach((_, i) => out[i] = Math.sin(latents[i]));
      return Promise.resolve();
    },
  };
}

const schedule = createSchedule({ kind: "dit", numInferenceSteps: 20 });
const noise = new TorchGenerator(0).randn(21 * SIZE);

/** Fills a memory that the next solver takes. */
function leave(value: number): ArrayBufferLike {
  using workspace = new Workspace(300, SIZE);
  return workspace.allocate(300 * SIZE).fill(value).buffer;
}

for (const eta of [0, 1]) {
  Deno.test(`a run does not depend on what its memory held, and keeps none of it, eta ${eta}`, async () => {
    const chain = { noise, schedule: createSchedule({ kind: "dit", numInferenceSteps: 20, eta }) };
    const results: Float64Array[] = [];
    for (const windowSize of [5, 20]) {
      for (const value of [NaN, 1]) {
        const seen: ArrayBufferLike[] = [], buffer = leave(value);
        const rounds = parallelSample(pointDenoiser(seen), {
          ...chain,
          windowSize,
          preset: "fast",
        });
        let next = await rounds.next();
        while (!next.done) next = await rounds.next();
        assert.ok(seen.every((memory) => memory === buffer), "the memory that was left");
        assert.notEqual(next.value.trajectory.buffer, buffer);
        results.push(next.value.trajectory);
      }
      assert.deepEqual(results.pop(), results.pop());
    }
  });
}

Deno.test("the memory of a run that failed is not passed on: its denoiser may still write there", async () => {
  const seen: ArrayBufferLike[] = [], buffer = leave(0);
  const rounds = parallelSample(pointDenoiser(seen, () => seen.length > 2), { noise, schedule });
  await assert.rejects(async () => {
    for await (const _ of rounds);
  }, /gone/);
  assert.deepEqual(seen.map((memory) => memory === buffer), [true, true, true]);
  assert.notEqual(new Workspace(10, SIZE).allocate(SIZE).buffer, buffer);
});

Deno.test("a chain has the same bits without WebAssembly", async () => {
  const script = new URL("./chain_digest.ts", import.meta.url);
  const { code, stdout, stderr } = await runChild(script, { flags: ["--v8-flags=--jitless"] });
  assert.equal(code, 0, stderr);
  assert.equal(stdout.trim(), `no WebAssembly: ${await chainDigest()}`);
});
