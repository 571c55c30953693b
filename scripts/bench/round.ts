/**
 * What a round of the solver costs beside the network: one round over 50 steps of 4×64×64, order 20, as multiples of a pass of
 * `a[i] += 1` over 50·16384 numbers.
 *
 * Counted is everything from one yielded round to the next: the solver, the arrays given to the caller, and a denoiser that only
 * copies its input but for one value per row. Rounds and passes take turns, so that both meet the same machine. The run has a few steps more than the window
 * has room for, and tolerance 0, so that every measured round has all 50 steps; the first rounds, in which memory fills, are left out.
 * @module
 */
import {
  createSchedule,
  type Denoiser,
  Generator,
  parallelSample,
  type SampleOptions,
} from "../../mod.ts";
import { type BenchRow, median, printTable } from "./table.ts";

const WINDOW = 50, ROW = 4 * 64 * 64;
const FILLING = 5, MEASURED = 10, RUNS = 3, WARM_RUNS = 2;
const STEPS = WINDOW + FILLING + MEASURED;

/** Copies its input and stirs one value per row, so that no run converges while it is measured. */
function stirring(): Denoiser {
  let calls = 0;
  return {
    rowSize: ROW,
    predictNoise(latents, steps, out) {
      out.set(latents);
      calls++;
      steps.forEach((t, row) => out[row * ROW] += Math.sin(calls + t));
      return Promise.resolve();
    },
  };
}

/** Measures ParaTAA with memory 2 and 3, and TQN. */
export async function benchRound(): Promise<BenchRow[]> {
  const schedule = createSchedule({ kind: "stable-diffusion", numInferenceSteps: STEPS });
  const noise = new Generator(0).randn((STEPS + 1) * ROW);
  const common = { schedule, noise, windowSize: WINDOW, atol: 0, rtol: 0 };
  const rows: BenchRow[] = [];
  for (const memorySize of [2, 3]) {
    const options: SampleOptions = { ...common, method: "parataa", order: 20, memorySize };
    rows.push(await measure(`ParaTAA, memory ${memorySize}`, options));
  }
  // Pairs at work and every step evaluated: the dearest round that TQN has.
  const options: SampleOptions = { ...common, method: "tqn", tqn: { strides: [], skipRadius: 0 } };
  rows.push(await measure("TQN", options));
  const plain: SampleOptions = { ...options, tqn: { ...options.tqn, symmetric: false } };
  return [...rows, await measure("TQN, not symmetric", plain)];
}

async function measure(name: string, options: SampleOptions): Promise<BenchRow> {
  const rounds: number[] = [], passes: number[] = [];
  const array = new Float64Array(WINDOW * ROW);
  for (let i = 0; i < WARM_RUNS + RUNS; i++) {
    const run = parallelSample(stirring(), options);
    for (let k = 0; k < FILLING; k++) await run.next();
    for (let k = 0; k < MEASURED; k++) {
      const start = performance.now();
      const { value } = await run.next();
      const middle = performance.now();
      pass(array);
      const end = performance.now();
      if (!("evaluations" in value) || value.evaluations !== WINDOW) {
        throw new Error("a measured round has less than the full window");
      }
      if (i < WARM_RUNS) continue;
      rounds.push(middle - start);
      passes.push(end - middle);
    }
  }
  const round = median(rounds), onePass = median(passes);
  const note = `${round.toFixed(2)} ms a round, ${onePass.toFixed(2)} ms a pass, ` +
    `medians of ${rounds.length}`;
  return {
    group: "a round of 50 steps, 4×64×64",
    name,
    value: round / onePass,
    unit: "passes",
    note,
  };
}

function pass(array: Float64Array): void {
  for (let i = 0; i < array.length; i++) array[i] += 1;
}

if (import.meta.main) printTable(await benchRound());
