import assert from "node:assert/strict";
import { TorchGenerator } from "../../../src/sampling/noise.ts";
import { solveSymmetric } from "../../../src/sampling/parataa/symmetric_system.ts";

/** Positive definite by one rounding error. */
const ALMOST = [1, 1, 1, 1 + Number.EPSILON];

Deno.test("solveSymmetric() undoes a multiplication", () => {
  for (let size = 1; size <= 15; size++) {
    const random = new TorchGenerator(size);
    const factor = random.randn(size * size), wanted = random.randn(size);
    const matrix = new Float64Array(size * size), right = new Float64Array(size);
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) {
        for (let k = 0; k < size; k++) {
          matrix[i * size + j] += factor[i * size + k] * factor[j * size + k];
        }
        if (i === j) matrix[i * size + j] += 1;
        right[i] += matrix[i * size + j] * wanted[j];
      }
    }
    assert.ok(solveSymmetric(matrix, right, size));
    right.forEach((value, i) => assert.ok(Math.abs(value - wanted[i]) < 1e-9, `size ${size}`));
  }
});

Deno.test("solveSymmetric() returns false for a singular, indefinite or non-finite matrix", () => {
  for (
    const entries of [
      [0],
      [-1],
      [NaN],
      [Infinity],
      [1, 1, 1, 1],
      [1, 2, 2, 1],
      [1, 0, NaN, 1],
      ALMOST,
    ]
  ) {
    const size = Math.sqrt(entries.length);
    assert.equal(
      solveSymmetric(Float64Array.from(entries), new Float64Array(size).fill(1), size),
      false,
    );
  }
});
