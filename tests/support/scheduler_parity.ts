/**
 * Chains of diffusers' schedulers with a formula for the network, and how to compare with them. The
 * recipe is tests/fixtures/make_scheduler_parity.py.
 * @module
 */
import assert from "node:assert/strict";
import {
  type Denoiser,
  outputWeights,
  type PredictionType,
  type ScaledSchedule,
} from "../../mod.ts";
import { readFixture } from "../sampling/fixtures.ts";

/** Settings of a class, and its last latents. */
export interface SchedulerCase {
  class: string;
  settings: Record<string, unknown>;
  eta?: number;
  mu?: number;
  /** Whether the sigmas are those that FLUX's pipeline passes. */
  pipeline?: boolean;
  /** By the number of steps. */
  latents: Record<string, number[]>;
  /** Initial scale, sigmas and timesteps, the highest first; every 30th of 333. */
  levels?: Record<string, [number, number[], number[]]>;
}

/** Elements of a latent. */
const SIZE = 4;

/** All cases, and the betas of those with betas of their own. */
export function readSchedulerCases(): Promise<
  { cases: SchedulerCase[]; trained_betas: number[] }
> {
  return readFixture("scheduler_parity.json");
}

/** 0.2 sin(x_i + 0.7 x_(i+1) + 3 timestep/1000 + i). */
function network(x: Float64Array, timestep: number): Float64Array {
  return x.map((value, i) =>
    0.2 * Math.sin(value + 0.7 * x[(i + 1) % SIZE] + 3 * timestep / 1000 + i)
  );
}

/** The formula's denoiser. */
export function formulaDenoiser(schedule: ScaledSchedule, predicts: PredictionType): Denoiser {
  const weights = outputWeights(schedule, predicts);
  return {
    rowSize: SIZE,
    predictNoise(latents, steps, out) {
      steps.forEach((t, row) => {
        const x = latents.subarray(row * SIZE, (row + 1) * SIZE);
        const answer = network(x.map((v) => schedule.inputScale[t] * v), schedule.timesteps[t]);
        answer.forEach((m, i) =>
          out[row * SIZE + i] = weights.latent[t] * x[i] + weights.output[t] * m
        );
      });
      return Promise.resolve();
    },
  };
}

/** Noise of the chain, by a formula too. */
export function formulaNoise({ numSteps, initialScale = 1 }: ScaledSchedule): Float64Array {
  return Float64Array.from({ length: (numSteps + 1) * SIZE }, (_, k) => {
    const t = Math.floor(k / SIZE), i = k % SIZE;
    return (t === numSteps ? initialScale : 1) * 1.4 * Math.sin(1.7 * t + 2.3 * i + 1);
  });
}

/** @param tolerance of the difference to the largest value */
export function assertNear(
  ours: ArrayLike<number>,
  wanted: number[],
  tolerance: number,
  what: string,
): void {
  assert.equal(ours.length, wanted.length, what);
  const scale = Math.max(...wanted.map(Math.abs));
  const worst = Math.max(...wanted.map((value, i) => Math.abs(ours[i] - value)));
  assert.ok(worst <= tolerance * scale, `${what}: ${worst / scale}`);
}
