import assert from "node:assert/strict";
import { AndersonMemory } from "../../../src/sampling/parataa/anderson.ts";
import { TorchGenerator } from "../../../src/sampling/noise.ts";

const STEPS = 4, WINDOW = 3, SIZE = 7, LAMBDA = 1e-3;
/** Window [start, end) of each round; step 0 reuses the rows of step 3. */
const WINDOWS = [[2, 4], [1, 4], [1, 4], [0, 3], [0, 3]] as const;

type Rows = Float64Array[]; // one per step, zeros outside the window

for (const memorySize of [1, 2, 3, 4]) {
  for (const oldestFirst of [false, true]) {
    const title = `memory ${memorySize}, ${oldestFirst ? "oldest" : "newest"} differences first`;
    Deno.test(`accelerate() equals the dense formula, ${title}`, () => {
      const random = new TorchGenerator(memorySize);
      const memory = new AndersonMemory({
        ...{ numSteps: STEPS, windowSize: WINDOW, rowSize: SIZE, memorySize, oldestFirst },
        ...{ regularization: LAMBDA, scale: new Float64Array(STEPS + 1).fill(1) },
      });
      const history: { x: Rows; residual: Rows }[] = [];
      const seen = new Int32Array(STEPS);
      for (const [start, end] of WINDOWS) {
        const rows = () =>
          Array.from(
            seen,
            (_, t) => t >= start && t < end ? random.randn(SIZE) : new Float64Array(SIZE),
          );
        const now = { x: rows(), residual: rows() };
        history.unshift(now);
        memory.nextRound();
        for (let t = end - 1; t >= start; t--) {
          seen[t]++;
          memory.residual(t).set(now.residual[t]);
          memory.image(t).set(now.x[t].map((x, i) => x + now.residual[t][i]));
          memory.remember(t);
          const out = new Float64Array(SIZE);
          memory.accelerate(t, out);
          const wanted = dense({ history, t, end, seen: seen[t], memorySize, oldestFirst });
          out.forEach((value, i) => assert.ok(Math.abs(value - wanted[i]) < 1e-9));
        }
      }
    });
  }
}

/** x + R − Σ γ_j (ΔX_j + ΔR_j), every difference and product written out. */
function dense(
  { history, t, end, seen, memorySize, oldestFirst }: {
    history: { x: Rows; residual: Rows }[];
    t: number;
    end: number;
    seen: number;
    memorySize: number;
    oldestFirst: boolean;
  },
): number[] {
  const rounds = history.slice(0, memorySize);
  const count = Math.min(seen, memorySize) - 1;
  const ages = rounds.slice(1).map((_, age) => age);
  const picked = (oldestFirst ? ages.toReversed() : ages).slice(0, count);
  const delta = (name: "x" | "residual", age: number, s: number) =>
    rounds[age][name][s].map((value, i) => value - rounds[age + 1][name][s][i]);
  const dot = (a: Float64Array, b: Float64Array) =>
    a.reduce((sum, value, i) => sum + value * b[i], 0);
  const below = Array.from({ length: end - t }, (_, i) => t + i);
  const sum = (term: (s: number) => number) => below.reduce((total, s) => total + term(s), 0);
  const matrix = picked.map((a) =>
    picked.map((b) =>
      sum((s) => dot(delta("residual", a, s), delta("residual", b, s))) + (a === b ? LAMBDA : 0)
    )
  );
  const right = picked.map((a) => sum((s) => dot(delta("residual", a, s), rounds[0].residual[s])));
  const gamma = eliminate(matrix, right);
  return Array.from(rounds[0].x[t], (x, i) =>
    picked.reduce(
      (value, age, j) => value - gamma[j] * (delta("x", age, t)[i] + delta("residual", age, t)[i]),
      x + rounds[0].residual[t][i],
    ));
}

/** Gauss–Jordan. */
function eliminate(matrix: number[][], right: number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i]]);
  rows.forEach((pivot, i) => {
    const scale = pivot[i];
    pivot.forEach((value, k) => pivot[k] = value / scale);
    rows.forEach((row, j) => {
      const factor = row[i];
      if (j !== i) row.forEach((value, k) => row[k] = value - factor * pivot[k]);
    });
  });
  return rows.map((row) => row[matrix.length]);
}

for (
  const [what, spoil] of [
    ["singular", (rows: Float64Array) => rows.fill(1)],
    ["not finite", (rows: Float64Array) => rows.fill(1e200)],
  ] as const
) {
  Deno.test(`accelerate() takes the plain step where the system is ${what}`, () => {
    const memory = new AndersonMemory({
      ...{ numSteps: 1, windowSize: 1, rowSize: 2, memorySize: 3 },
      ...{ regularization: 0, oldestFirst: false },
      scale: Float64Array.of(1, 1),
    });
    const out = new Float64Array(2);
    for (let round = 0; round < 3; round++) {
      memory.nextRound();
      spoil(memory.residual(0));
      if (what === "not finite" && round % 2 === 1) memory.residual(0).fill(-1e200);
      memory.image(0).fill(round);
      memory.remember(0);
      memory.accelerate(0, out);
      assert.deepEqual([...out], [round, round]);
    }
  });
}
