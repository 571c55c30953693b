/**
 * A chain on simulated devices: the solver, the pool and the Workers are real, and the rows have
 * Stable Diffusion's size at 512×512. The noise is a formula's, so the rounds are not a model's.
 * @module
 */
import { createSchedule, type Denoiser, parallelSample, TorchGenerator } from "../../../mod.ts";
import type { DevicePool } from "../../../src/devices/device_pool.ts";
import type { PoolRows } from "../../../src/devices/rows/row_batch.ts";
import { ROWS_PER_STEP } from "./gpus.ts";
import { LAYOUT, ROW } from "./latency.ts";

/** Chain to solve. */
export interface SimulatedChain {
  /** Memory for the rows of a round, from {@link simulatedRows}; chains reuse it in turn. */
  rows: PoolRows;
  steps: number;
  window: number;
  seed: number;
}

/** Times of a round, in milliseconds. */
export interface SimulatedRound {
  /** Evaluated steps. */
  evaluations: number;
  /** Time of the whole round. */
  total: number;
  /** Time inside the pool, its devices included. */
  pool: number;
}

/** Allocates memory for the rows of a window. */
export function simulatedRows(pool: DevicePool, window: number): PoolRows {
  return pool.createRows(LAYOUT, window * ROWS_PER_STEP);
}

/** Solves a chain. The first round includes the allocation of the solver's memory. */
export async function solveSimulated(
  pool: DevicePool,
  { rows, steps, window, seed }: SimulatedChain,
): Promise<SimulatedRound[]> {
  const schedule = createSchedule({ kind: "stable-diffusion", numInferenceSteps: steps });
  const noise = new TorchGenerator(seed).randn((steps + 1) * ROW);
  let inPool = 0;
  const denoiser = guidedDenoiser(rows, schedule.alphasCumprod, async (count) => {
    const start = performance.now();
    await pool.run(rows, count);
    inPool = performance.now() - start;
  });
  const rounds: SimulatedRound[] = [];
  let start = performance.now();
  for await (
    const { evaluations } of parallelSample(denoiser, {
      ...{ schedule, noise, windowSize: window, preset: "fast" },
    })
  ) {
    const end = performance.now();
    rounds.push({ evaluations, total: end - start, pool: inPool });
    start = end;
  }
  return rounds;
}

/** A denoiser with two rows per step and guidance, like `GuidedDenoiser`. */
function guidedDenoiser(
  rows: PoolRows,
  alphas: Float64Array,
  evaluate: (count: number) => Promise<void>,
): Denoiser {
  return {
    rowSize: ROW,
    async predictNoise(latents, steps, out) {
      const [latent, alpha] = rows.inputs as [Float32Array, Float32Array];
      for (let slot = 0; slot < steps.length * ROWS_PER_STEP; slot++) {
        const step = Math.floor(slot / ROWS_PER_STEP);
        latent.set(latents.subarray(step * ROW, (step + 1) * ROW), slot * ROW);
        alpha[slot] = alphas[steps[step]];
      }
      await evaluate(steps.length * ROWS_PER_STEP);
      const [noise] = rows.outputs as [Float32Array];
      for (let step = 0; step < steps.length; step++) {
        const from = step * ROWS_PER_STEP * ROW;
        for (let i = 0; i < ROW; i++) {
          const unconditional = noise[from + ROW + i];
          out[step * ROW + i] = unconditional + 1.5 * (noise[from + i] - unconditional);
        }
      }
    },
  };
}
