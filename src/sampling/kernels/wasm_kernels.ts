/**
 * The loops of {@link file://./plain_kernels.ts} in WebAssembly, two elements at a time. They give
 * the same bits.
 * @module
 */
import type { Kernels } from "./plain_kernels.ts";
import { WASM_CODE } from "./wasm_code.ts";

/** Rows of these loops have a multiple of this number of elements. */
export const WASM_TURN = 4;
/** Numbers at the start of the memory that the loops use for their sums. */
export const WASM_RESULTS = 8;

/** Scalars, byte offsets of the rows, and bytes of a row. */
type Code = Readonly<Record<keyof Kernels, (...numbers: number[]) => void>>;

let compiled: WebAssembly.Module | undefined;

/** Loops over rows in `memory`. */
export function wasmKernels(memory: WebAssembly.Memory): Kernels {
  compiled ??= new WebAssembly.Module(Uint8Array.from(atob(WASM_CODE), (c) => c.charCodeAt(0)));
  const code = new WebAssembly.Instance(compiled, { env: { memory } }).exports as unknown as Code;
  const { buffer } = memory, results = new Float64Array(buffer, 0, WASM_RESULTS);
  const at = (row: Float64Array) => {
    if (row.buffer !== buffer) throw new TypeError("a row lies outside the workspace");
    return row.byteOffset;
  };
  return {
    weighted([u, v], [a, b], out) {
      code.weighted(u, v, at(a), at(b), at(out), out.byteLength);
    },
    addWeighted([u, v], [a, b], out) {
      code.addWeighted(u, v, at(a), at(b), at(out), out.byteLength);
    },
    storeEvaluation({ c, d, n, input, epsilon, xi, x }, stored) {
      const to = [at(stored.input), at(stored.output)] as const;
      code.storeEvaluation(c, d, n, at(input), at(epsilon), at(xi), at(x), ...to, x.byteLength);
      return results[0];
    },
    newProducts(x, [{ input: x0, output: e0 }, { input: x1, output: e1 }, last]) {
      const { input: x2, output: e2 } = last, newer = [at(x0), at(e0), at(x1), at(e1)] as const;
      code.newProducts(at(x), ...newer, at(x2), at(e2), x.byteLength);
      const [dd, a1dd, a2dd, y1dd, y2dd, a1y1, a2y1] = results;
      return { dd, a1dd, a2dd, y1dd, y2dd, a1y1, a2y1 };
    },
    squaredStretch({ c, d }, [{ input: x0, output: e0 }, { input: x1, output: e1 }]) {
      code.squaredStretch(c, d, at(x0), at(e0), at(x1), at(e1), x0.byteLength);
      return results[0];
    },
    combine([u0, u1, u2, v0, v1, v2, w0, w1], { history, input, inputAbove, x }) {
      const [{ input: x0, output: e0 }, { input: x1, output: e1 }, last] = history;
      const { input: x2, output: e2 } = last;
      const rows = [at(x0), at(e0), at(x1), at(e1), at(x2), at(e2)] as const;
      const others = [at(input), at(inputAbove), at(x)] as const;
      code.combine(u0, u1, u2, v0, v1, v2, w0, w1, ...rows, ...others, x.byteLength);
    },
    carryError([u, v], [error, clean], { evaluated, input }) {
      const rows = [at(error), at(clean), at(evaluated), at(input)] as const;
      code.carryError(u, v, ...rows, error.byteLength);
      return results[0];
    },
    addMove(w, error, { evaluated, input }) {
      code.addMove(w, at(error), at(evaluated), at(input), error.byteLength);
      return results[0];
    },
    cleanError({ c, d, n, s, q, perUnit, epsilon, input, x, xi, error }, clean) {
      const rows = [at(epsilon), at(input), at(x), at(xi), at(error), at(clean)] as const;
      code.cleanError(c, d, n, s, q, perUnit, ...rows, clean.byteLength);
      return results[0];
    },
  };
}
