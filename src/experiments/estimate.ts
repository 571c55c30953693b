/** How long the runs of an experiment can be expected to take. @module */
import { type BatchTime, bestCall } from "../jobs/planning/batch_times.ts";
import { expectedRounds } from "../jobs/planning/expected_rounds.ts";
import { parseFlags } from "../arguments/parse_flags.ts";
import type { AnySamplingScript } from "../jobs/sampling_scripts.ts";
import type { SamplingValues } from "../jobs/solve.ts";
import type { Cell } from "./cells.ts";

/** Opening the model, decoding, hashing and writing, beside the solver. */
const SECONDS_BESIDE = 0.8;
/** Flags that the time of a call depends on. */
const TIMED = ["model_path", "fp16", "provider", "ort_lib", "threads", "height", "width"];

/** Times calls once for every model and device that the runs use, and estimates runs from that. */
export class Estimator {
  readonly #script: AnySamplingScript;
  readonly #signal: AbortSignal;
  readonly #times = new Map<string, BatchTime[]>();

  /** @param script what makes the runs */
  constructor(script: AnySamplingScript, signal: AbortSignal) {
    this.#script = script;
    this.#signal = signal;
  }

  /** Seconds of a run, from the rounds that its method took on models/dit-emoji; another tolerance is not considered. */
  async seconds({ words, method }: Cell): Promise<number> {
    const values = parseFlags(this.#script.flags, words).values as SamplingValues & {
      num_samples?: number;
    };
    const times = await this.#timesFor(words, values);
    const { timesteps: numSteps, eta, window_size, max_steps } = values;
    const samples = "prompt2" in values ? 2 * (values.num_samples ?? 1) : values.num_samples ?? 1;
    if (method === "sequential") {
      return SECONDS_BESIDE + samples * numSteps * bestCall(times, 1).seconds;
    }
    const window = Math.min(window_size === "auto" ? numSteps : window_size, numSteps);
    const { rounds, nfe } = expectedRounds({ method, eta, numSteps, window });
    const most = Math.min(rounds, (max_steps ?? Infinity) - 1);
    return SECONDS_BESIDE + samples * most * bestCall(times, nfe / rounds).seconds;
  }

  async #timesFor(words: readonly string[], values: SamplingValues): Promise<BatchTime[]> {
    const guided = values.cfg_scale !== 1;
    const settings = TIMED.map((name) => (values as Record<string, unknown>)[name]);
    const key = JSON.stringify([guided, values.timesteps, ...settings]);
    const known = this.#times.get(key);
    if (known) return known;
    const measured = await this.#script.time(words, this.#signal);
    this.#times.set(key, measured);
    return measured;
  }
}

/** `40 s`, `3 min`, `2.5 h`. */
export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}
