/** Measures the rounds of the shipped models. @module */
import { Environment, parallelSample, type Preset } from "../../../mod.ts";
import { Laboratory, type Posed } from "../samplers/laboratory.ts";

const MODELS = ["dit", "sd"] as const;
/** The first of the seeds of the tables in docs/performance.md; nothing was tuned on them. */
const FIRST_SEED = 400;

/** Numbers of steps and window sizes of the tables. */
export const SETTINGS: readonly { steps: number; window: number }[] = [50, 100].flatMap((steps) =>
  [4, 8, 16, steps].map((window) => ({ steps, window }))
);

/** Chains of both models at one setting. */
export interface Chains {
  steps: number;
  window: number;
  /** Evaluated steps of every round of every chain. */
  evaluations: number[][];
}

/** Solves `count` chains of each model at every setting: guidance 4, eta 0. */
export async function measureChains(count: number, preset: Preset): Promise<Chains[]> {
  using env = Environment.open();
  const seeds = Array.from({ length: count }, (_, i) => FIRST_SEED + i);
  // The models at the same time: each computes on one thread.
  const models = await Promise.all(MODELS.map(async (model) => {
    const path = `models/${model}-emoji`;
    await using laboratory = await Laboratory.open(env, model, { path, threads: 1 });
    const solved: number[][][] = [];
    for (const { steps, window } of SETTINGS) {
      const chains: number[][] = [];
      for (const seed of seeds) {
        const posed = await laboratory.pose({ model, steps, eta: 0, guidance: 4, seed });
        chains.push(await evaluationsOf(posed, { windowSize: window, preset }));
      }
      solved.push(chains);
    }
    return solved;
  }));
  return SETTINGS.map((setting, i) => ({
    ...setting,
    evaluations: models.flatMap((solved) => solved[i]),
  }));
}

async function evaluationsOf(
  { denoiser, ...chain }: Posed,
  options: { windowSize: number; preset: Preset },
): Promise<number[]> {
  const evaluations: number[] = [];
  for await (
    const round of parallelSample(denoiser, { ...chain, ...options })
  ) evaluations.push(round.evaluations);
  return evaluations;
}
