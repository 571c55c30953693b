/**
 * Measures how sampling scales over simulated GPUs. The solver, the pool and the Workers are real;
 * the devices wait for the time that a GPU would take.
 *
 * The latency model is that of a UNet of Stable Diffusion's size at 512×512 in ONNX Runtime's CUDA
 * provider on an A100-SXM4-80GB, fp16. huggingface.co/tlwu/sd-turbo-onnxruntime reports 38.2 and
 * 68.7 ms for 1 and 4 steps of one image, and 120.2 and 192.6 ms for four images. So a step takes
 * (68.7 − 38.2) / 3 = 10.17 ms for one row and 24.13 ms for four rows: 5.5 ms per call and 4.65 ms
 * per row. The H100 is assumed to be faster by the ratio reported by
 * huggingface.co/stabilityai/stable-diffusion-xl-1.0-tensorrt, 2742 / 1471 ms.
 * @module
 */
import { createSchedule, type Denoiser, parallelSample, TorchGenerator } from "../../../mod.ts";
import type { DevicePool } from "../../../src/devices/device_pool.ts";
import { type Latency, LAYOUT, ROW, simulatedPool } from "./latency.ts";

export const A100: Latency = { fixed: 5.51, perRow: 4.65, computes: true };
const H100_RATIO = 2742 / 1471;
export const H100: Latency = {
  fixed: A100.fixed / H100_RATIO,
  perRow: A100.perRow / H100_RATIO,
  computes: true,
};

const STEPS = 100;
/** One conditional and one unconditional row. */
const ROWS_PER_STEP = 2;

/** A configuration to measure. */
export interface ScalingCase {
  gpu: "A100" | "H100";
  method: "tqn" | "parataa";
  window: number;
  devices: number;
  /** Number of samples at the same time. */
  atOnce?: number;
}

/** Measured times of one sample, in seconds. */
export interface ScalingResult extends ScalingCase {
  rounds: number;
  seconds: number;
  /** Time inside the pool without copies; the sum over samples at the same time. */
  pool: number;
  /** Time by the latency model: only the devices take time, and none waits for rows. */
  limit: number;
  /** Time of sequential sampling on one device, by the latency model. */
  sequential: number;
}

/** Samples once (or `atOnce` samples together) and compares with the latency model. */
export async function scale(wanted: ScalingCase): Promise<ScalingResult> {
  const latency = wanted.gpu === "A100" ? A100 : H100;
  await using pool = await simulatedPool(wanted.devices, latency);
  const atOnce = wanted.atOnce ?? 1;
  const warm = [0, 1].map((seed) => sample(pool, { ...wanted, window: 4 }, seed, 3));
  await Promise.all(warm);
  const started = performance.now();
  const all = await Promise.all(
    Array.from({ length: atOnce }, (_, seed) => sample(pool, wanted, seed)),
  );
  const seconds = (performance.now() - started) / 1000 / atOnce;
  const limit = all.reduce(
    (sum, { evaluations }) => sum + limitOf(evaluations, wanted, latency),
    0,
  );
  const call = (rows: number) => latency.fixed + latency.perRow * rows;
  return {
    ...wanted,
    rounds: all.reduce((sum, { rounds }) => sum + rounds, 0) / atOnce,
    seconds,
    pool: all.reduce((sum, { waited }) => sum + waited, 0) / 1000 / atOnce,
    limit: limit / 1000 / atOnce,
    sequential: STEPS * call(ROWS_PER_STEP) / 1000,
  };
}

/**
 * Returns the milliseconds of all rounds if rows are divided evenly and nothing else takes time.
 */
function limitOf(evaluations: readonly number[], { devices }: ScalingCase, latency: Latency) {
  return evaluations.reduce(
    (sum, steps) =>
      sum + latency.fixed + latency.perRow * Math.ceil(steps * ROWS_PER_STEP / devices),
    0,
  );
}

async function sample(
  pool: DevicePool,
  { method, window }: ScalingCase,
  seed: number,
  maxRounds?: number,
): Promise<{ rounds: number; evaluations: number[]; waited: number }> {
  const schedule = createSchedule({ kind: "stable-diffusion", numInferenceSteps: STEPS });
  const noise = new TorchGenerator(seed).randn((STEPS + 1) * ROW);
  const spent = { waited: 0 };
  const denoiser = simulatedDenoiser(pool, schedule.alphasCumprod, { window, spent });
  const options = { schedule, noise, windowSize: window, method, order: Math.min(20, window) };
  const evaluations: number[] = [];
  for await (
    const round of parallelSample(denoiser, {
      ...options,
      maxRounds,
      ...(method === "tqn" ? { order: undefined } : {}),
    })
  ) evaluations.push(round.evaluations);
  return { rounds: evaluations.length, evaluations, ...spent };
}

/** A denoiser with two rows per step and guidance, like `GuidedDenoiser`. */
function simulatedDenoiser(
  pool: DevicePool,
  alphas: Float64Array,
  { window, spent }: { window: number; spent: { waited: number } },
): Denoiser {
  const rows = pool.createRows(LAYOUT, window * ROWS_PER_STEP);
  return {
    rowSize: ROW,
    async predictNoise(latents, steps, out) {
      const [latent, alpha] = rows.inputs as [Float32Array, Float32Array];
      for (let slot = 0; slot < steps.length * ROWS_PER_STEP; slot++) {
        const step = Math.floor(slot / ROWS_PER_STEP);
        latent.set(latents.subarray(step * ROW, (step + 1) * ROW), slot * ROW);
        alpha[slot] = alphas[steps[step]];
      }
      const before = performance.now();
      await pool.run(rows, steps.length * ROWS_PER_STEP);
      spent.waited += performance.now() - before;
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
