/**
 * Properties that must hold for every configuration, on random ones of each method and of each kind
 * of chain. The seed is the number in the message of a failure.
 */
import assert from "node:assert/strict";
import {
  createEulerSchedule,
  createFlowSchedule,
  createSchedule,
  type Denoiser,
  parallelSample,
  type SampleOptions,
  type Schedule,
  secondOrder,
  sequentialSample,
  TorchGenerator,
} from "../../mod.ts";
import { collect } from "./collect.ts";

type Pick = <Value>(...values: Value[]) => Value;

/** Makes a schedule of a kind of chain. */
type Chain = (numInferenceSteps: number, random: { pick: Pick }) => Schedule;

const DDIM: Chain = (numInferenceSteps, { pick }) =>
  createSchedule({
    kind: pick("dit", "stable-diffusion"),
    numInferenceSteps,
    eta: pick(0, 0.5, 1),
  });

const flow = (stochasticSampling: boolean): Chain => (numInferenceSteps, { pick }) =>
  createFlowSchedule({
    ...{ numInferenceSteps, stochasticSampling, spacing: pick("scheduler", "pipeline") },
    ...{
      shift: pick(0.5, 1, 3),
      mu: pick(undefined, undefined, 1.15),
      invertSigmas: pick(true, false),
    },
    shiftTerminal: numInferenceSteps > 1 ? pick(undefined, 0.02) : undefined,
    sigmaSpacing: pick(undefined, undefined, "karras", "exponential", "beta"),
  });

const euler = (ancestral: boolean): Chain => (numInferenceSteps, { pick }) =>
  createEulerSchedule({
    ...{ kind: pick("dit", "stable-diffusion"), numInferenceSteps, ancestral },
    timestepSpacing: pick("leading", "trailing", "linspace", undefined),
    sigmaSpacing: pick(undefined, "karras", "exponential", "beta"),
    finalSigma: pick("zero", "sigma_min"),
  });

const withoutLastSignal: Chain = (numInferenceSteps, { pick }) =>
  createSchedule({
    ...{ kind: pick("dit", "stable-diffusion"), numInferenceSteps, rescaleBetasZeroSnr: true },
    ...{ timestepSpacing: pick("trailing", "linspace"), eta: pick(0, 0.5, 1) },
  });

const withoutNoise: Chain = (numInferenceSteps, { pick }) =>
  createSchedule({
    ...{ kind: pick("dit", "stable-diffusion"), numInferenceSteps },
    ...{
      timestepSpacing: pick("leading", "trailing", "linspace"),
      setAlphaToOne: pick(true, false),
    },
  });

/** What the sampler asks in place of the denoiser, made for one run. */
type Wrap = (denoiser: Denoiser, schedule: Schedule) => Denoiser;
const twoSteps: Wrap = (denoiser, schedule) => secondOrder(denoiser, { schedule });

/** 1,000 of each kind, of DDIM 1,000 of each method. */
const CHAINS: [name: string, configurations: number, chain: Chain, wrap?: Wrap][] = [
  ["DDIM", 3000, DDIM],
  ["flow", 1000, flow(false)],
  ["stochastic flow", 1000, flow(true)],
  ["Euler", 1000, euler(false)],
  ["Euler ancestral", 1000, euler(true)],
  ["DDIM without a last signal", 1000, withoutLastSignal],
  ["DPM-Solver++ 2M", 1000, withoutNoise, twoSteps],
];

for (const [name, configurations, chain, wrap = (denoiser: Denoiser) => denoiser] of CHAINS) {
  Deno.test(`parallelSample() keeps its bounds in ${configurations} random runs, ${name}`, async () => {
    const stabilityChecks = await assertBounds(configurations, { chain, wrap });
    const wanted = configurations / 250;
    assert.ok(stabilityChecks > wanted, `${stabilityChecks} runs looked again`);
  });
}

/** Returns how many runs were checked for stability. */
async function assertBounds(
  configurations: number,
  { chain, wrap }: { chain: Chain; wrap: Wrap },
): Promise<number> {
  let stabilityChecks = 0;
  for (let seed = 0; seed < configurations; seed++) {
    const { denoiser, options } = randomRun(new TorchGenerator(seed), chain);
    const { schedule, schedule: { numSteps }, windowSize = numSteps } = options;
    const { rounds, result } = await collect(parallelSample(wrap(denoiser, schedule), options));
    const from = options.variationSteps ?? numSteps;
    assert.ok(result.converged && result.rounds <= from, `seed ${seed}: ${result.rounds} rounds`);
    assert.ok(result.nfe <= result.rounds * Math.min(windowSize, numSteps), `seed ${seed}`);
    let looks = 0;
    rounds.reduce((above, round) => {
      assert.ok(round.windowEnd === above || round.windowEnd === from, `seed ${seed}`);
      assert.ok(round.finishedIndex < round.windowEnd, `seed ${seed}, round ${round.round}`);
      assert.ok(round.windowEnd - round.windowStart <= windowSize, `seed ${seed}`);
      if (round.windowEnd > above) looks++;
      return round.finishedIndex;
    }, from);
    assert.ok(looks <= (options.tqn?.growthLimit ? 1 : 0), `seed ${seed}: ${looks} looks`);
    stabilityChecks += looks;
    if (options.atol !== 0) continue;
    const below = firstSteps(schedule, from);
    await assertSequential(wrap(denoiser, below), options, {
      below,
      found: result.trajectory,
      seed,
    });
  }
  return stabilityChecks;
}

/**
 * The part from the warm start's index down is what sequential sampling makes of x at that index.
 */
async function assertSequential(
  denoiser: Denoiser,
  { noise, initialTrajectory }: SampleOptions,
  { below, found, seed }: { below: Schedule; found: Float64Array; seed: number },
): Promise<void> {
  const { rowSize } = denoiser, from = below.numSteps;
  const start = (initialTrajectory ?? noise).subarray(from * rowSize, (from + 1) * rowSize);
  const wanted = await sequentialSample(denoiser, {
    schedule: below,
    noise: Float64Array.of(...noise.subarray(0, from * rowSize), ...start),
  });
  // Bit for bit, since a row of the denoiser does not depend on its batch.
  wanted.trajectory.forEach((value, i) => {
    assert.ok(found[i] === value, `seed ${seed}: ${found[i]}, wanted ${value}`);
  });
}

function firstSteps(schedule: Schedule, count: number): Schedule {
  const { numSteps: _, ...arrays } = schedule;
  const entries = Object.entries(arrays)
    .map(([name, value]) => [name, typeof value === "number" ? value : value.slice(0, count)]);
  return { ...Object.fromEntries(entries), numSteps: count };
}

function randomRun(
  random: TorchGenerator,
  chain: Chain,
): { denoiser: Denoiser; options: SampleOptions } {
  const whole = (low: number, high: number) => random.randint(low, high + 1, 1)[0];
  const pick: Pick = (...values) => values[whole(0, values.length - 1)];
  const numSteps = pick(whole(1, 30), whole(1, 30), whole(40, 50)), rowSize = whole(1, 6);
  const schedule = chain(numSteps, { pick });
  const noise = random.randn((numSteps + 1) * rowSize);
  const tolerance = pick(0, 0, 1e-30, 1e-4, 1e-2, 1);
  const options: SampleOptions = {
    ...{
      schedule,
      noise,
      method: pick("tqn", "parataa", "fixed_point"),
      compat: pick(undefined, "official"),
    },
    ...{
      windowSize: whole(1, numSteps + 2),
      order: whole(1, numSteps + 2),
      memorySize: whole(1, 6),
    },
    ...{ regularization: pick(0, 1e-9, 1e-3, 1), atol: tolerance, rtol: pick(0, tolerance) },
  };
  if (pick(true, false)) {
    options.tqn = {
      strides: pick([], [5, 2], [1, 3], [40, 7, 3], Array(30).fill(2)),
      start: pick("zero", "top"),
      pairs: pick(0, 1, 2),
      damping: pick(0, 0.01, 1),
      trustRadius: pick(0, 0.1, 0.6),
      symmetric: pick(true, false),
      skipRadius: pick(0, 0.01, 0.3),
      growthLimit: pick(0, 1e-9, 0.1, 2),
      refinement: pick(0, 1, 2),
    };
  }
  if (pick(true, false, false)) {
    options.initialTrajectory = random.randn(noise.length);
    options.variationSteps = whole(1, numSteps);
  }
  return { denoiser: randomDenoiser(random, rowSize, pick(0, 0.5, 2, 10, 50)), options };
}

/**
 * ε_i = slope · sin(Σ_j M_ij x_j + phase_i + t): Lipschitz, different at every step, coupled across
 * elements.
 */
function randomDenoiser(random: TorchGenerator, rowSize: number, slope: number): Denoiser {
  const matrix = random.randn(rowSize * rowSize), phase = random.randn(rowSize);
  return {
    rowSize,
    predictNoise(latents, steps, out) {
      steps.forEach((t, r) => {
        for (let i = 0; i < rowSize; i++) {
          let angle = phase[i] + t;
          for (let j = 0; j < rowSize; j++) {
            angle += matrix[i * rowSize + j] * latents[r * rowSize + j];
          }
          out[r * rowSize + i] = slope * Math.sin(angle);
        }
      });
      return Promise.resolve();
    },
  };
}
