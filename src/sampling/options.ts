/**
 * The options of {@link parallelSample}, their defaults and their checks, in one place.
 * @module
 */
import { checkInteger, checkNumber, checkOneOf, checkRows } from "./arguments.ts";
import { checkSameChain, type Denoiser } from "./denoiser.ts";
import { isFlow } from "./schedules/flow_schedule.ts";
import type { SequentialOptions } from "./sequential_sampler.ts";
import { type Preset, presetDefaults } from "./presets.ts";
import type { Solver } from "./solver.ts";
import { resolveTqnOptions, type TqnOptions } from "./tqn/tqn_options.ts";

/** How a round turns its evaluations into the next trajectory. */
export type Method = "tqn" | "parataa" | "fixed_point";

const METHODS: readonly Method[] = ["tqn", "parataa", "fixed_point"];

/** What {@link parallelSample} takes beside the denoiser. */
export interface SampleOptions extends SequentialOptions {
  /**
   * `tqn`: triangular quasi-Newton; `parataa`: triangular Anderson acceleration; `fixed_point`: the
   * latter without memory; or a function that makes a solver of your own. Default `tqn`.
   */
  method?: Method | SolverFactory;
  /**
   * Which defaults the method takes: {@link Preset}. Options given beside it win. Default
   * `reference`.
   */
  preset?: Preset;
  /**
   * W: at most so many steps are iterated at once; default and upper limit T (more is taken as T).
   */
  windowSize?: number;
  /**
   * k of `parataa` and `fixed_point`: a residual spans at most so many steps; default and upper
   * limit W (more is taken as W).
   */
  order?: number;
  /**
   * m of `parataa`: so many rounds enter an update, the current one included; 1 is plain
   * fixed-point iteration. Default 2.
   */
  memorySize?: number;
  /** λ of `parataa`, added to the diagonal of the Anderson system; default 1e-3. */
  regularization?: number;
  /**
   * The paper's tol1: a step is finished when the rms of its residual is at most this, at unit
   * scale of the latent. Default 1e-3, and 3e-4 for `tqn`: it gets to the same residual in fewer
   * rounds, with less damping of what the residual does not show.
   */
  atol?: number;
  /**
   * The paper's tol2: … or at most this times the schedule's `noiseScale`. Default 1e-3, and 3e-4
   * for `tqn`, which takes min(1, 6ᾱ) times what is above `atol`: what is left at a noisy step
   * usually reaches x_0 damped to a tenth, but before the image is decided errors may grow. Not
   * above `atol`, it has no effect. The preset `fast` takes 10 `atol` for `tqn`, a twentieth fewer
   * evaluations.
   */
  rtol?: number;
  /**
   * Ends the run after so many rounds, converged or not, 0 before the first; default T, which
   * always suffices.
   */
  maxRounds?: number;
  /** Warm start: `[T+1, rowSize]`, a trajectory of the same noise. Copied, not changed. */
  initialTrajectory?: Float64Array;
  /**
   * Warm start: x_t of the trajectory is kept for t ≥ this, the steps below are solved; 1 … T,
   * default T.
   */
  variationSteps?: number;
  /**
   * `official` takes the oldest, zero-padded differences for steps that just entered the window, as
   * the authors' code does, instead of the newest valid ones. It only matters to `parataa`, when
   * windowSize < T and memorySize ≥ 3.
   */
  compat?: "official";
  /** Settings of `tqn`; the defaults suit it. */
  tqn?: Partial<TqnOptions>;
}

/**
 * What a solver is made for: the caller's options with every default filled in and every limit
 * applied.
 */
export type SolverProblem =
  & Required<Omit<SampleOptions, "initialTrajectory" | "signal" | "compat" | "tqn">>
  & Pick<SampleOptions, "initialTrajectory" | "signal" | "compat">
  & { rowSize: number; tqn: TqnOptions };

/** {@link SampleOptions}, resolved. */
export type ResolvedOptions = SolverProblem;

/**
 * Makes a solver for one sample; given as `method` to {@link parallelSample} in place of a name.
 */
export type SolverFactory = (problem: SolverProblem) => Solver;

/** Checks the options and fills in the defaults. */
export function resolveOptions(denoiser: Denoiser, options: SampleOptions): ResolvedOptions {
  const { schedule, noise, method = "tqn", preset = "reference" } = options;
  const { initialTrajectory, compat, signal } = options;
  const { rowSize } = denoiser;
  const steps = schedule.numSteps;
  const most = Number.MAX_SAFE_INTEGER;
  const { windowSize = steps, order = steps, memorySize = 2, maxRounds = steps } = options;
  const fullWindow = windowSize >= steps, warm = initialTrajectory !== undefined;
  checkOneOf("preset", preset, ["reference", "fast"]);
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
    ...{ schedule, noise, method, preset, rowSize },
    ...{ initialTrajectory, variationSteps, compat, signal },
    windowSize: Math.min(windowSize, steps),
    order: Math.min(order, windowSize, steps),
    memorySize: method === "fixed_point" ? 1 : Math.min(memorySize, steps),
    ...{ regularization, atol, rtol, maxRounds: Math.min(maxRounds, steps) },
    tqn: resolveTqnOptions({ ...defaults.tqn, ...options.tqn }, { fullWindow, warm }),
  };
}
