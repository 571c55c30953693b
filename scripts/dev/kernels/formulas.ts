/**
 * The loops of {@link file://../../../src/sampling/kernels/plain_kernels.ts} as formulas over the
 * elements of rows, from which their WebAssembly is generated. Both do the same operations in the
 * same order.
 * @module
 */

/** A loop over rows of equal length. */
export interface Formula {
  name: string;
  /** Numbers that are the same for all elements. */
  scalars: readonly string[];
  /** Rows that are read or written. */
  rows: readonly string[];
  /** Named parts of the expressions below. */
  define?: Readonly<Record<string, string>>;
  /** Expression of every row that is written. */
  write?: Readonly<Record<string, string>>;
  /** Expressions that are summed, even and odd elements separately. */
  sum?: Readonly<Record<string, string>>;
  /** Whether the loop runs from the end. */
  backwards?: boolean;
}

/** All loops. */
export const FORMULAS: readonly Formula[] = [
  {
    name: "weighted",
    scalars: ["u", "v"],
    rows: ["a", "b", "out"],
    write: { out: "u * a + v * b" },
  },
  {
    name: "addWeighted",
    scalars: ["u", "v"],
    rows: ["a", "b", "out"],
    write: { out: "out + (u * a + v * b)" },
  },
  {
    name: "storeEvaluation",
    scalars: ["c", "d", "n"],
    rows: ["input", "epsilon", "xi", "x", "storedInput", "storedOutput"],
    define: { r: "c * input + d * epsilon + n * xi - x" },
    write: { storedInput: "input", storedOutput: "epsilon" },
    sum: { square: "r * r" },
  },
  {
    name: "newProducts",
    scalars: [],
    rows: ["x", "x0", "e0", "x1", "e1", "x2", "e2"],
    define: { d: "x - x0", a1: "x0 - x1", a2: "x1 - x2", y1: "e0 - e1", y2: "e1 - e2" },
    sum: {
      dd: "d * d",
      a1dd: "a1 * d",
      a2dd: "a2 * d",
      y1dd: "y1 * d",
      y2dd: "y2 * d",
      a1y1: "a1 * y1",
      a2y1: "a2 * y1",
    },
  },
  {
    name: "squaredStretch",
    scalars: ["c", "d"],
    rows: ["x0", "e0", "x1", "e1"],
    define: { move: "c * (x0 - x1) + d * (e0 - e1)" },
    sum: { square: "move * move" },
  },
  {
    name: "combine",
    scalars: ["u0", "u1", "u2", "v0", "v1", "v2", "w0", "w1"],
    rows: ["x0", "e0", "x1", "e1", "x2", "e2", "input", "inputAbove", "x"],
    write: {
      x: "(u0 * e0 + u1 * e1 + u2 * e2) + (v0 * x0 + v1 * x1 + v2 * x2)" +
        " + (w0 * input + w1 * inputAbove)",
    },
    backwards: true,
  },
  {
    name: "carryError",
    scalars: ["u", "v"],
    rows: ["error", "clean", "evaluated", "input"],
    define: { carried: "u * error + v * clean" },
    write: { error: "carried" },
    sum: { alignment: "carried * (input - evaluated)" },
  },
  {
    name: "addMove",
    scalars: ["w"],
    rows: ["error", "evaluated", "input"],
    define: { moved: "error + w * (input - evaluated)" },
    write: { error: "moved" },
    sum: { square: "moved * moved" },
  },
  {
    name: "cleanError",
    scalars: ["c", "d", "n", "s", "q", "perUnit"],
    rows: ["epsilon", "input", "x", "xi", "error", "clean"],
    define: {
      unperturbed: "(x - c * input - n * xi) / d",
      derivative: "perUnit * (epsilon - unperturbed)",
      predicted: "(error - s * derivative) / q",
    },
    write: { clean: "predicted" },
    sum: { square: "predicted * predicted" },
  },
];
