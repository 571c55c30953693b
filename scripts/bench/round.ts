/**
 * What a round of the solver costs beside the network: one round over 50 steps of 4×64×64, order
 * 20, as multiples of a pass of `a[i] += 1` over 50·16384 numbers, and a round of TQN as a multiple
 * of one of ParaTAA with memory 3.
 *
 * Counted is the processor time of everything from one yielded round to the next: the solver, the
 * arrays given to the caller, and a denoiser that only copies its input but for one value per row.
 * Rounds of all solvers and passes take turns, so that they meet the same machine. The runs have a
 * few steps more than the window has room for, and tolerance 0, so that every measured round has
 * all 50 steps; the first rounds, in which memory fills, are left out.
 * @module
 */
import process from "node:process";
import {
  createSchedule,
  type Denoiser,
  LEAN_TQN,
  parallelSample,
  type SampleOptions,
  TorchGenerator,
} from "../../mod.ts";
import { type BenchRow, median, printTable } from "./table.ts";

const WINDOW = 50, ROW = 4 * 64 * 64;
const FILLING = 5, MEASURED = 10, RUNS = 4, WARM_RUNS = 1;
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

const SCHEDULE = createSchedule({ kind: "stable-diffusion", numInferenceSteps: STEPS });
const COMMON = { schedule: SCHEDULE, windowSize: WINDOW, order: 20, atol: 0, rtol: 0 };
// Every step evaluated: the dearest rounds that TQN has.
const EVERY_STEP = { strides: [], skipRadius: 0 };

const SOLVERS: Record<string, Omit<SampleOptions, "noise">> = {
  "ParaTAA, memory 2": { ...COMMON, method: "parataa", memorySize: 2 },
  "ParaTAA, memory 3": { ...COMMON, method: "parataa", memorySize: 3 },
  "TQN": { ...COMMON, method: "tqn", tqn: EVERY_STEP },
  "TQN, the scripts'": { ...COMMON, method: "tqn", tqn: { ...LEAN_TQN, ...EVERY_STEP } },
};

/** Measures ParaTAA with memory 2 and 3, and TQN as `parallelSample` and as the scripts take it. */
export async function benchRound(): Promise<BenchRow[]> {
  const { rounds, pass } = await measure();
  const group = "a round of 50 steps, 4×64×64";
  const rows: BenchRow[] = [];
  for (const [name, times] of rounds) {
    const note = `${median(times).toFixed(2)} ms a round, ${pass.toFixed(2)} ms a pass, ` +
      `medians of ${times.length}`;
    rows.push({ group, name, value: median(times) / pass, unit: "passes", note });
  }
  const parataa = median(rounds.get("ParaTAA, memory 3")!);
  for (const name of ["TQN", "TQN, the scripts'"]) {
    const value = median(rounds.get(name)!) / parataa;
    rows.push({
      group: "the same, in rounds of ParaTAA with memory 3",
      name,
      value,
      unit: "rounds",
    });
  }
  return rows;
}

/** Milliseconds of every measured round, by solver, and of the median pass. */
async function measure(): Promise<{ rounds: Map<string, number[]>; pass: number }> {
  const noise = new TorchGenerator(0).randn((STEPS + 1) * ROW),
    array = new Float64Array(WINDOW * ROW);
  const rounds = new Map(Object.keys(SOLVERS).map((name) => [name, [] as number[]]));
  const passes: number[] = [];
  for (let i = 0; i < WARM_RUNS + RUNS; i++) {
    const runs = Object.entries(SOLVERS).map(([name, options]) => ({
      times: rounds.get(name)!,
      run: parallelSample(stirring(), { ...options, noise }),
    }));
    for (let k = 0; k < FILLING + MEASURED; k++) {
      const counts = i >= WARM_RUNS && k >= FILLING;
      for (const { times, run } of runs) {
        const start = milliseconds(), { value } = await run.next(), end = milliseconds();
        if (!counts) continue;
        if (!("evaluations" in value) || value.evaluations !== WINDOW) {
          throw new Error("a measured round has less than the full window");
        }
        times.push(end - start);
      }
      const start = milliseconds();
      pass(array);
      if (counts) passes.push(milliseconds() - start);
    }
  }
  return { rounds, pass: median(passes) };
}

/** Processor time of this process so far. */
function milliseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function pass(array: Float64Array): void {
  for (let i = 0; i < array.length; i++) array[i] += 1;
}

if (import.meta.main) printTable(await benchRound());
