/**
 * The options of {@link parallelSample}, with their defaults and checks.
 * @module
 */
import { checkInteger, checkNumber, checkOneOf, checkRows } from "./arguments.ts";
import { checkSameChain, type Denoiser } from "./denoiser.ts";
import { isFlow } from "./schedules/flow_schedule.ts";
import type { SequentialOptions } from "./sequential_sampler.ts";
import { type Preset, presetDefaults, PRESETS } from "./presets.ts";
import type { Solver } from "./solver.ts";
import { resolveTqnOptions, type TqnOptions } from "./tqn/tqn_options.ts";

/** Name of a built-in solver. */
export type Method = "tqn" | "parataa" | "fixed_point";

const METHODS: readonly Method[] = ["tqn", "parataa", "fixed_point"];

/** Options of {@link parallelSample}. */
export interface SampleOptions extends SequentialOptions {
  /**
   * `tqn`: triangular quasi-Newton; `parataa`: triangular Anderson acceleration; `fixed_point`: the
   * latter without memory; or a function that creates your own solver. Default `tqn`.
   */
  method?: Method | SolverFactory;
  /**
   * Set of defaults, see {@link Preset}; options that are given override it. Default `reference`.
   */
  preset?: Preset;
  /**
   * W: the largest number of steps that are iterated at once. Default T; larger values mean T.
   */
  windowSize?: number;
  /**
   * k of `parataa` and `fixed_point`: the largest number of steps in a residual. Default W; larger
   * values mean W.
   */
  order?: number;
  /**
   * m of `parataa`: the number of rounds that an update uses, including the current one; 1 is plain
   * fixed-point iteration. Default 2.
   */
  memorySize?: number;
  /** λ of `parataa`, added to the diagonal of the Anderson system; default 1e-3. */
  regularization?: number;
  /**
   * The paper's tol1: a step is finished if the rms of its residual is at most this, at unit scale
   * of the latent. Default 1e-3, and 3e-4 for `tqn`, which reaches the same residual in fewer
   * rounds and so damps other errors less.
   */
  atol?: number;
  /**
   * The paper's tol2: a step is also finished if the rms is at most this times the schedule's
   * `noiseScale`. `tqn` multiplies it by min(1, 6ᾱ): a residual at a noisy step usually reaches x_0
   * damped to a tenth, but errors may grow while the image is undecided. Default 1e-3, and 3e-4 for
   * `tqn`, where the preset `fast` uses 10 `atol` and saves a twentieth of the evaluations. Values
   * up to `atol` have no effect.
   */
  rtol?: number;
  /**
   * The run ends after this many rounds, converged or not; 0 ends it before the first. Default T,
   * which always suffices.
   */
  maxRounds?: number;
  /**
   * `official`: steps that just entered the window use the oldest, zero-padded differences, as in
   * the authors' code, instead of the newest valid ones. It only affects `parataa` with windowSize
   * < T and memorySize ≥ 3.
   */
  compat?: "official";
  /** Settings of `tqn`. */
  tqn?: Partial<TqnOptions>;
}

/**
 * The input of a solver: the caller's options with all defaults filled in and all limits applied.
 */
export type SolverProblem =
  & Required<Omit<SampleOptions, "initialTrajectory" | "signal" | "compat" | "tqn">>
  & Pick<SampleOptions, "initialTrajectory" | "signal" | "compat">
  & { rowSize: number; denoiserRemembers: boolean; tqn: TqnOptions };

/** {@link SampleOptions} after {@link resolveOptions}. */
export type ResolvedOptions = SolverProblem;

/**
 * Creates a solver for one sample; the option `method` of {@link parallelSample} accepts it.
 */
export type SolverFactory = (problem: SolverProblem) => Solver;

/**
 * Validates the options and fills in the defaults.
 *
 * @throws {RangeError | TypeError} if an option is out of its range
 */
export function resolveOptions(denoiser: Denoiser, options: SampleOptions): ResolvedOptions {
  const { schedule, noise, method = "tqn", preset = "reference" } = options;
  const { initialTrajectory, compat, signal } = options;
  const { rowSize } = denoiser;
  const steps = schedule.numSteps;
  const most = Number.MAX_SAFE_INTEGER;
  const { windowSize = steps, order = steps, memorySize = 2, maxRounds = steps } = options;
  const fullWindow = windowSize >= steps, warm = initialTrajectory !== undefined;
  checkOneOf("preset", preset, PRESETS);
  const flow = isFlow(schedule);
  const defaults = presetDefaults(preset, { method, atol: options.atol, flow, fullWindow, warm });
  const { atol = defaults.atol, rtol = defaults.rtol } = options;
  const { regularization = 1e-3, variationSteps = steps } = options;
  checkInteger("rowSize", rowSize, 1, most);
  checkSameChain(denoiser, schedule);
  if (typeof method !== "function") checkOneOf("method", method, METHODS);
  if (compat !== undefined) checkOneOf("compat", compat, ["official"]);
  for (const [name, value] of Object.entries({ windowSize, order, memorySize })) {
    checkInteger(name, value, 1, most);
  }
  checkInteger("maxRounds", maxRounds, 0, most);
  for (const [name, value] of Object.entries({ regularization, atol, rtol })) {
    checkNumber(name, value, 0, Number.MAX_VALUE);
  }
  checkInteger("variationSteps", variationSteps, 1, steps);
  checkRows("noise", noise, steps + 1, rowSize);
  if (initialTrajectory) checkRows("initialTrajectory", initialTrajectory, steps + 1, rowSize);
  else if (options.variationSteps !== undefined) {
    throw new TypeError(
      "variationSteps is given without initialTrajectory, wanted both or neither",
    );
  }
  return {
    ...{ schedule, noise, method, preset, rowSize, denoiserRemembers: denoiser.remembers ?? false },
    ...{ initialTrajectory, variationSteps, compat, signal },
    windowSize: Math.min(windowSize, steps),
    order: Math.min(order, windowSize, steps),
    memorySize: method === "fixed_point" ? 1 : Math.min(memorySize, steps),
    ...{ regularization, atol, rtol, maxRounds: Math.min(maxRounds, steps) },
    tqn: resolveTqnOptions({ ...defaults.tqn, ...options.tqn }, { fullWindow, warm }),
  };
}
