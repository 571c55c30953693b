/** Classifier-free guidance over a network, as a {@link Denoiser} for the solvers. @module */
import { ModelError } from "../errors.ts";
import type { Denoiser } from "../sampling/denoiser.ts";
import { clipSample } from "../sampling/schedules/clip_sample.ts";
import type { Schedule } from "../sampling/schedules/schedule.ts";
import {
  type OutputWeights,
  outputWeights,
  type PredictionType,
} from "../sampling/schedules/output_weights.ts";
import { row } from "../sampling/system.ts";
import { retryNonFinite } from "./finite_noise.ts";
import type { ModelSchedule } from "./schedulers/model_schedule.ts";
import type { ConditionalNetwork } from "./networks/conditional_network.ts";
import type { ConditionRow } from "./networks/row_buffers.ts";

/** Options of {@link GuidedDenoiser}. */
export interface GuidedDenoiserOptions {
  /** Chain to sample, with the model's timestep of every step; `clip` is applied if it has one. */
  schedule: Schedule & Pick<ModelSchedule, "clip">;
  /** What the network predicts; noise by default. */
  predictionType?: PredictionType;
  /** The wanted condition. */
  conditional: ConditionRow;
  /** The condition to steer away from: the null class, the negative prompt. */
  unconditional: ConditionRow;
  /**
   * Guidance w. At 1 the unconditional rows are not evaluated; at 0 the conditional ones are not,
   * if all channels are guided.
   */
  guidanceScale: number;
  /**
   * Number of leading channels that are guided; all by default. The other channels take the
   * conditional noise.
   */
  guidedChannels?: number;
  /** Most network rows in one call. */
  batchSize?: number;
  /** What the schedule's timesteps are multiplied by for the network; default 1. */
  timestepScale?: number;
}

interface Prediction {
  latents: Float64Array;
  steps: Int32Array;
  out: Float64Array;
  signal: AbortSignal | undefined;
  /** Device that must not be used. */
  avoid?: string;
}

/**
 * A denoiser with guidance: ε = ε_u + w (ε_c − ε_u) at each row's own timestep (Ho & Salimans,
 * "Classifier-free diffusion guidance", 2022).
 *
 * A step takes one or two network rows, the conditional one first. Calls have at most `batchSize`
 * rows; results do not depend on how rows are divided into calls or on the devices. Only one
 * `predictNoise` may run at a time.
 */
export class GuidedDenoiser implements Denoiser {
  /** Elements of a latent. */
  readonly rowSize: number;
  /** Chain that is sampled. */
  readonly schedule: Schedule;
  /** Network rows evaluated so far. */
  networkRows = 0;
  /** Milliseconds spent inside the network so far. */
  networkMilliseconds = 0;
  readonly #network: ConditionalNetwork;
  readonly #options: GuidedDenoiserOptions;
  readonly #weights: OutputWeights;
  readonly #guidedSize: number;
  readonly #conditions: readonly ConditionRow[];
  readonly #devices = new Map<number, string>();
  readonly #clipped: Denoiser;

  /**
   * Creates a denoiser for one condition.
   *
   * @param network network to use; the caller closes it
   * @throws {RangeError} if the network's prediction type does not suit the schedule's levels
   * @throws {ModelError} if the network takes integer timesteps only and the schedule has others
   */
  constructor(network: ConditionalNetwork, options: GuidedDenoiserOptions) {
    const [channels, height, width] = network.latentShape;
    this.rowSize = network.rowSize;
    this.schedule = options.schedule;
    this.#network = network;
    this.#options = options;
    checkTimesteps(options, network);
    this.#weights = outputWeights(options.schedule, options.predictionType ?? "epsilon");
    this.#guidedSize = (options.guidedChannels ?? channels) * height * width;
    this.#conditions = usedConditions(options, this.#guidedSize === this.rowSize);
    const finite = retryNonFinite({
      rowSize: this.rowSize,
      predictNoise: (latents, steps, out, signal) => this.#predict({ latents, steps, out, signal }),
      predictAgain: (latents, steps, out, signal) =>
        this.#predict({ latents, steps, out, signal, avoid: this.#devices.get(steps[0]) }),
      deviceOf: (t) => this.#devices.get(t),
      noteNonFinite: (t, message) => this.#noteNonFinite(t, message),
    });
    const { schedule } = options;
    this.#clipped = schedule.clip ? clipSample(finite, { ...schedule.clip, schedule }) : finite;
  }

  /** Network rows per evaluated step: 1 or 2. */
  get rowsPerStep(): number {
    return this.#conditions.length;
  }

  /**
   * Predicts the guided noise. A row that is NaN or infinite is evaluated again, alone and on
   * another device if there is one.
   *
   * @throws {NumericalError} naming the devices, if the second result is not finite either
   */
  predictNoise(
    latents: Float64Array,
    steps: Int32Array,
    out: Float64Array,
    signal?: AbortSignal,
  ): Promise<void> {
    return this.#clipped.predictNoise(latents, steps, out, signal);
  }

  /** Records in the device's report that the noise of its step was not finite. */
  #noteNonFinite(t: number, message: string): void {
    const device = this.#devices.get(t);
    if (device !== undefined) this.#network.noteNonFinite(device, message);
  }

  async #predict({ latents, steps, out, signal, avoid }: Prediction): Promise<void> {
    const perStep = this.#conditions.length;
    const count = steps.length * perStep;
    const { timestepScale = 1 } = this.#options;
    const rows = this.#network.lease(count, this);
    try {
      for (let step = 0; step < steps.length; step++) {
        const timestep = timestepScale * this.schedule.timesteps[steps[step]];
        const scale = this.schedule.inputScale[steps[step]];
        const [condition, other] = this.#conditions, slot = step * perStep;
        rows.set(slot, latents, { offset: step * this.rowSize, scale, timestep, condition });
        if (other) rows.repeat(slot + 1, slot, other);
      }
      const before = performance.now();
      await this.#network.run(rows, count, { maxRows: this.#options.batchSize, signal, avoid });
      this.networkMilliseconds += performance.now() - before;
      this.networkRows += count;
      for (let step = 0; step < steps.length; step++) {
        const guided = row(out, step, this.rowSize), slot = step * perStep;
        if (perStep > 1) this.#guide(guided, rows.noise(slot), rows.noise(slot + 1));
        else guided.set(rows.noise(slot));
        this.#devices.set(steps[step], rows.rows.evaluatedBy[step * perStep]!);
      }
    } finally {
      this.#network.release(rows, this);
    }
    this.#toPrediction(latents, steps, out);
  }

  /** Writes ε_u + w (ε_c − ε_u), and ε_c in channels that are not guided. */
  #guide(
    out: Float64Array,
    conditional: ArrayLike<number>,
    unconditional: ArrayLike<number>,
  ): void {
    const w = this.#options.guidanceScale;
    for (let i = 0; i < this.#guidedSize; i++) {
      const u = unconditional[i];
      out[i] = u + w * (conditional[i] - u);
    }
    for (let i = this.#guidedSize; i < out.length; i++) out[i] = conditional[i];
  }

  /** Converts the output to noise. The conversion is linear, so it may follow guidance. */
  #toPrediction(latents: Float64Array, steps: Int32Array, out: Float64Array): void {
    for (let row = 0; row < steps.length; row++) {
      const v = this.#weights.output[steps[row]], u = this.#weights.latent[steps[row]];
      if (v === 1 && u === 0) continue;
      const start = row * this.rowSize, end = start + this.rowSize;
      for (let i = start; i < end; i++) out[i] = v * out[i] + u * latents[i];
    }
  }
}

/** Refuses fractional timesteps for a network with an integer timestep input. */
function checkTimesteps(
  { schedule, timestepScale = 1, predictionType }: GuidedDenoiserOptions,
  { contract }: ConditionalNetwork,
): void {
  const { name, type } = contract.timestep;
  if (!/^int/.test(type)) return;
  const told = Array.from(schedule.timesteps, (timestep) => timestepScale * timestep);
  const t = told.findIndex((timestep) => !Number.isInteger(timestep));
  if (t < 0) return;
  const whole = predictionType?.endsWith("flow")
    ? `levels with whole ${timestepScale === 1 ? "1000 σ" : "σ"}`
    : "levels of leading or trailing spacing";
  throw new ModelError(
    `timesteps[${t}] is ${told[t]}, but the network takes ${name} as ${type}, ` +
      `wanted whole numbers: ${whole}`,
    { hint: "export the network with a timestep of a float type, or choose other levels" },
  );
}

/** Returns the conditions whose weight in the guided noise is not 0. */
function usedConditions(
  { conditional, unconditional, guidanceScale }: GuidedDenoiserOptions,
  allGuided: boolean,
): ConditionRow[] {
  if (guidanceScale === 1) return [conditional];
  return guidanceScale === 0 && allGuided ? [unconditional] : [conditional, unconditional];
}
