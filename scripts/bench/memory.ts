/**
 * Measures the peak memory of the solver: T 100, 4×64×64, memory 3, full window, compared with an
 * empty Deno process.
 *
 * Each side runs in its own process and reports its peak resident set. The caller's noise (13 MB),
 * the denoiser's input and output and the result are included; a network is not.
 * @module
 */
import { createSchedule, type Denoiser, parallelSample, TorchGenerator } from "../../mod.ts";
import { peakOf, PRINT_PEAK, printPeak } from "./peak.ts";
import { type BenchRow, printTable } from "./table.ts";

const STEPS = 100, ROW = 4 * 64 * 64, ROUNDS = 12;

const METHODS = ["parataa", "tqn"] as const;

/** Measures both sides. */
export async function benchMemory(): Promise<BenchRow[]> {
  const empty = await peakOf(["eval", PRINT_PEAK]);
  const rows: BenchRow[] = [];
  for (const method of METHODS) {
    const solver = await peakOf(["run", "--allow-all", import.meta.url, method]);
    rows.push({
      group: "peak memory above an empty process",
      name: `${method}, T ${STEPS}, memory 3`,
      value: solver - empty,
      unit: "MB",
      note: `${solver.toFixed(0)} MB, an empty process ${empty.toFixed(0)} MB`,
    });
  }
  return rows;
}

async function solve(method: typeof METHODS[number]): Promise<void> {
  const copying: Denoiser = {
    rowSize: ROW,
    predictNoise: (latents, _steps, out) => Promise.resolve(out.set(latents)),
  };
  const schedule = createSchedule({ kind: "dit", numInferenceSteps: STEPS });
  const noise = new TorchGenerator(0).randn((STEPS + 1) * ROW);
  const options = { schedule, noise, memorySize: 3, atol: 0, rtol: 0, maxRounds: ROUNDS };
  const run = parallelSample(copying, { ...options, method });
  while (!(await run.next()).done);
}

if (import.meta.main) {
  const method = METHODS.find((name) => name === Deno.args[0]);
  if (method) {
    await solve(method);
    printPeak();
  } else printTable(await benchMemory());
}
