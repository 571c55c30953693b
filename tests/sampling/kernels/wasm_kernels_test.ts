import assert from "node:assert/strict";
import { wasmCode } from "../../../scripts/dev/kernels.ts";
import { type Kernels, PLAIN_KERNELS } from "../../../src/sampling/kernels/plain_kernels.ts";
import { WASM_TURN, wasmKernels } from "../../../src/sampling/kernels/wasm_kernels.ts";
import { TorchGenerator } from "../../../src/sampling/noise.ts";

/** Calls of every loop on nine rows, of which they may write any. */
const CALLS: Record<keyof Kernels, (kernels: Kernels, rows: Float64Array[]) => unknown> = {
  weighted: (kernels, [a, b, out]) => kernels.weighted([0.3, -1.7], [a, b], out),
  addWeighted: (kernels, [a, b, out]) => kernels.addWeighted([0.3, -1.7], [a, b], out),
  storeEvaluation: (kernels, [input, epsilon, xi, x, stored, output]) =>
    kernels.storeEvaluation(
      { ...{ c: 1.1, d: -0.2, n: 0.3 }, input, epsilon, xi, x },
      { input: stored, output },
    ),
  newProducts: (kernels, [x, ...rows]) => kernels.newProducts(x, historyOf(rows)),
  squaredStretch: (kernels, rows) => kernels.squaredStretch({ c: 1.1, d: -0.2 }, historyOf(rows)),
  combine: (kernels, [input, inputAbove, x, ...rows]) => {
    const weights = Float64Array.of(1.1, -0.2, 0.3, 0.7, -1.9, 0.9, 1.3, -0.6);
    kernels.combine(weights, { history: historyOf(rows), input, inputAbove, x });
  },
  carryError: (kernels, [error, clean, evaluated, input]) =>
    kernels.carryError([0.9, -0.4], [error, clean], { evaluated, input }),
  addMove: (kernels, [error, evaluated, input]) =>
    kernels.addMove(-0.7, error, { evaluated, input }),
  cleanError: (kernels, [epsilon, input, x, xi, error, clean]) => {
    const factors = { c: 1.1, d: -0.2, n: 0.3, s: 0.8, q: 0.6, perUnit: 0.01 };
    return kernels.cleanError({ ...factors, epsilon, input, x, xi, error }, clean);
  },
};

function historyOf([x0, e0, x1, e1, x2, e2]: Float64Array[]) {
  return [
    { input: x0, output: e0 },
    { input: x1, output: e1 },
    { input: x2, output: e2 },
  ] as const;
}

const ROWS = 9, GAP = 3;

for (const name of Object.keys(CALLS) as (keyof Kernels)[]) {
  Deno.test(`${name}() gives the same bits in WebAssembly and in TypeScript`, () => {
    for (const length of [WASM_TURN, 2 * WASM_TURN, 100]) {
      const memory = new WebAssembly.Memory({ initial: 1 });
      const all = new Float64Array(memory.buffer).subarray(8, 8 + ROWS * (length + GAP));
      all.set(new TorchGenerator(length).randn(all.length));
      const copy = all.slice(), given = all.slice();
      const rowsOf = (numbers: Float64Array) =>
        Array.from(
          { length: ROWS },
          (_, i) => numbers.subarray(i * (length + GAP)).subarray(0, length),
        );
      const result = CALLS[name](wasmKernels(memory), rowsOf(all));
      assert.deepEqual(result, CALLS[name](PLAIN_KERNELS, rowsOf(copy)));
      assert.deepEqual(all, copy, "rows, and the numbers between them");
      assert.ok(
        result !== undefined || all.some((value, i) => value !== given[i]),
        "it does something",
      );
    }
  });
}

Deno.test("loops in WebAssembly refuse a row outside their memory", () => {
  const memory = new WebAssembly.Memory({ initial: 1 }),
    row = new Float64Array(memory.buffer, 64, 4);
  const run = () => wasmKernels(memory).weighted([1, 1], [row, new Float64Array(4)], row);
  assert.throws(run, { name: "TypeError", message: "a row lies outside the workspace" });
});

Deno.test("wasm_code.ts is what `deno task kernels` writes", async () => {
  const file = new URL("../../../src/sampling/kernels/wasm_code.ts", import.meta.url);
  assert.equal(await Deno.readTextFile(file), await wasmCode());
});
