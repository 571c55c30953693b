/** Estimates the time of an experiment's runs. @module */
import { type BatchTime, bestCall } from "../jobs/planning/batch_times.ts";
import { timeCalls } from "../jobs/plan_run.ts";
import { expectedRounds } from "../jobs/planning/expected_rounds.ts";
import { NUM_SAMPLES } from "../arguments/flags/script_flags.ts";
import type { ResolvedSettings } from "../arguments/settings.ts";
import {
  type GivenSettings,
  resolveSettings,
  type SettingValues,
} from "../arguments/resolve_settings.ts";
import type { Cell } from "./cells.ts";

/** Seconds of a run outside the solver: opening the model, decoding, hashing, writing. */
const SECONDS_BESIDE = 0.8;
/** Settings that affect the time of a network call. */
const TIMED = ["modelPath", "fp16", "provider", "libraryPath", "threads", "height", "width"];

/** Estimates the time of runs. Calls are timed once per model and device. */
export class Estimator {
  readonly #signal: AbortSignal;
  readonly #times = new Map<string, BatchTime[]>();

  /** @param signal stops the timing */
  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /**
   * Estimated seconds of a run, from the rounds of its method on models/dit-emoji. The tolerance is
   * ignored, but for the preset `exact`. An own solver counts as fixed point, the slowest of the
   * built-in methods.
   */
  async seconds({ settings: given, method: named }: Cell): Promise<number> {
    const { settings } = resolveSettings(given), method = named === "own" ? "fixed_point" : named;
    const times = await this.#timesFor(given, settings);
    const { numInferenceSteps: numSteps, eta, windowSize, maxRounds = Infinity } = settings;
    const samples = settings.task === "sd-winit"
      ? 2 * (settings.numSamples ?? 1)
      : settings.numSamples ?? NUM_SAMPLES.default;
    if (method === "sequential") {
      return SECONDS_BESIDE + samples * numSteps * bestCall(times, 1).seconds;
    }
    const window = Math.min(windowSize === "auto" ? numSteps : windowSize, numSteps);
    const exact = settings.preset === "exact";
    const { rounds, nfe } = expectedRounds({ method, eta, numSteps, window, exact });
    const most = Math.min(rounds, maxRounds);
    return SECONDS_BESIDE + samples * most * bestCall(times, nfe / rounds).seconds;
  }

  async #timesFor(given: GivenSettings, settings: ResolvedSettings): Promise<BatchTime[]> {
    const values: SettingValues = { ...settings };
    const { guidanceScale, numInferenceSteps } = settings;
    const timed = TIMED.map((name) => values[name]);
    const key = JSON.stringify([guidanceScale !== 1, numInferenceSteps, ...timed]);
    const known = this.#times.get(key);
    if (known) return known;
    const measured = await timeCalls(given, { signal: this.#signal });
    this.#times.set(key, measured);
    return measured;
  }
}

/** Formats a duration: `40 s`, `3 min`, `2.5 h`. */
export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}
