/**
 * Reads the fixtures of tests/fixtures, and the problem that the recorded runs of the official code
 * solve.
 */
import { Buffer } from "node:buffer";
import type { Denoiser, Schedule } from "../../mod.ts";

const FOLDER = new URL("../fixtures/", import.meta.url);

/** A fixture by its file name; the caller states its shape. */
export async function readFixture<Shape>(name: string): Promise<Shape> {
  return JSON.parse(await Deno.readTextFile(new URL(name, FOLDER)));
}

export function float64s(base64: string): Float64Array {
  return new Float64Array(new Uint8Array(Buffer.from(base64, "base64")).buffer);
}

export function float32s(base64: string): Float32Array {
  return new Float32Array(new Uint8Array(Buffer.from(base64, "base64")).buffer);
}

const SIZE = 64, CLASS_POINTS = 16, VARIANCE = 0.25, GUIDANCE = 4;

/**
 * The points of the mixture and enough noise for 100 steps: numpy's RandomState(0) and
 * RandomState(1).
 */
export async function readProblem(): Promise<{ points: Float64Array; noise: Float64Array }> {
  const { points, noise } = await readFixture<{ points: string; noise: string }>(
    "sampling_problem.json",
  );
  return { points: float64s(points), noise: float64s(noise) };
}

/** The exact denoiser of a Gaussian mixture around `points`, guided towards its first 16. */
export function mixtureDenoiser(points: Float64Array, schedule: Schedule): Denoiser {
  return {
    rowSize: SIZE,
    predictNoise(latents, steps, out) {
      steps.forEach((t, r) => {
        const x = latents.subarray(r * SIZE, (r + 1) * SIZE);
        const a = schedule.alphasCumprod[t];
        const all = posteriorNoise(points, x, a);
        const some = posteriorNoise(points.subarray(0, CLASS_POINTS * SIZE), x, a);
        for (let i = 0; i < SIZE; i++) out[r * SIZE + i] = all[i] + GUIDANCE * (some[i] - all[i]);
      });
      return Promise.resolve();
    },
  };
}

/**
 * The same for any chain: the sample that DDIM's latent of the same signal-to-noise ratio implies
 * makes the prediction.
 */
export function mixtureDenoiserOf(points: Float64Array, schedule: Schedule): Denoiser {
  const { signal, sigma, clean, alphasCumprod } = schedule;
  return {
    rowSize: SIZE,
    predictNoise(latents, steps, out) {
      steps.forEach((t, r) => {
        const row = latents.subarray(r * SIZE, (r + 1) * SIZE),
          scale = Math.hypot(signal[t], sigma[t]);
        const x = row.map((value) => value / scale), a = alphasCumprod[t];
        const all = posteriorSample(points, x, a);
        const some = posteriorSample(points.subarray(0, CLASS_POINTS * SIZE), x, a);
        for (let i = 0; i < SIZE; i++) {
          const sample = all[i] + GUIDANCE * (some[i] - all[i]);
          out[r * SIZE + i] = (row[i] - clean[t] * sample) / sigma[t];
        }
      });
      return Promise.resolve();
    },
  };
}

function posteriorNoise(points: Float64Array, x: Float64Array, a: number): Float64Array {
  const spread = VARIANCE * a + 1 - a, q = Math.sqrt(a);
  return posteriorPoint(points, x, a).map((m, i) => Math.sqrt(1 - a) * (x[i] - q * m) / spread);
}

function posteriorSample(points: Float64Array, x: Float64Array, a: number): Float64Array {
  const spread = VARIANCE * a + 1 - a, q = Math.sqrt(a);
  return posteriorPoint(points, x, a).map((m, i) => m + VARIANCE * q * (x[i] - q * m) / spread);
}

/** Mean of the points, weighted by how likely each is the centre of x. */
function posteriorPoint(points: Float64Array, x: Float64Array, a: number): Float64Array {
  const spread = VARIANCE * a + 1 - a, q = Math.sqrt(a);
  const logits: number[] = [];
  for (let p = 0; p < points.length; p += SIZE) {
    let square = 0;
    for (let i = 0; i < SIZE; i++) square += (x[i] - q * points[p + i]) ** 2;
    logits.push(-square / (2 * spread));
  }
  const top = Math.max(...logits);
  const weights = logits.map((logit) => Math.exp(logit - top));
  const total = weights.reduce((sum, weight) => sum + weight);
  const mean = new Float64Array(SIZE);
  weights.forEach((weight, p) => {
    for (let i = 0; i < SIZE; i++) mean[i] += weight / total * points[p * SIZE + i];
  });
  return mean;
}
