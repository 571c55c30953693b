import assert from "node:assert/strict";
import { latentDifference } from "../../src/runs/latent_difference.ts";

Deno.test("latentDifference() returns the relative length of the difference", () => {
  assert.equal(latentDifference(Float64Array.of(3, 4), Float64Array.of(0, 4)).relative, 3 / 4);
  assert.equal(latentDifference(Float64Array.of(0, 4), Float64Array.of(3, 4)).relative, 3 / 5);
});

Deno.test("latentDifference() returns the largest and the RMS difference, 0 for equal latents", () => {
  const { max, rms } = latentDifference(Float64Array.of(1, 2, 3, 4), Float64Array.of(1, 5, 3, 8));
  assert.equal(max, 4);
  assert.equal(rms, 2.5);
  const zeros = new Float64Array(3);
  assert.deepEqual(latentDifference(zeros, zeros), { max: 0, rms: 0, relative: 0 });
});
