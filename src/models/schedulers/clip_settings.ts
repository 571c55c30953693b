/** `clip_sample` and `thresholding` in a `scheduler_config.json`. @module */
import type { ClipOptions } from "../../sampling/schedules/clip_sample.ts";
import type { ConfigReader } from "../config_reader.ts";
import { stepsAsDdim, stepsOf } from "./scheduler_classes.ts";
import type { StepRule } from "./scheduler_names.ts";
import { describeSetting, type Source } from "./scheduler_settings.ts";

/** Clipping of the predicted sample by a scheduler. */
export interface ClipSettings extends Pick<ClipOptions, "clipSampleRange" | "thresholding"> {
  /** Whether the class is DDPM's, whose noise follows the clipped sample. */
  ddpm?: true;
}

/**
 * Reads the clipping; `undefined` if samples are not clipped. As in diffusers, `thresholding`
 * replaces `clip_sample`.
 *
 * @throws {ModelError} naming a value out of its range, or a class without thresholding
 */
export function readClipSettings(source: Source): ClipSettings | undefined {
  const { name } = source;
  const options = readThresholding(source) ?? readClipSample(source);
  return options && { ...options, ...(name?.startsWith("DDPM") && { ddpm: true }) };
}

/** The clipping of a run; DDPM's rule is that of eta 1. */
export function clipOptions(
  { ddpm, ...options }: ClipSettings,
  { steps, eta }: { steps: StepRule; eta: number },
): Omit<ClipOptions, "schedule"> {
  const followed = steps !== "ddim" || (ddpm && eta === 1);
  return { ...options, keepNoise: !followed };
}

/** The clipping as `inspect` prints it. */
export function clipFacts({ clipSampleRange, thresholding }: ClipSettings): string {
  if (!thresholding) return `samples to ±${clipSampleRange}`;
  const { ratio, sampleMaxValue } = thresholding;
  return `samples to their quantile ${ratio}, at most ${sampleMaxValue}`;
}

function readThresholding(source: Source): ClipSettings | undefined {
  const { file, name } = source;
  if (!file.flag("thresholding")) return undefined;
  const followed = name === undefined || stepsAsDdim(name) || stepsOf(name) === "dpmpp_2m";
  if (!followed) throw file.wrong("thresholding", `false, true is not followed for ${name}`);
  return {
    thresholding: {
      ratio: within(file, "dynamic_thresholding_ratio", { fallback: 0.995, min: 0, max: 1 }),
      sampleMaxValue: within(file, "sample_max_value", { fallback: 1, min: 1 }),
    },
  };
}

function readClipSample(source: Source): ClipSettings | undefined {
  const { file, name, ownSettings, defaults, note } = source;
  if (!(file.flag("clip_sample") ?? defaults.clipSample)) return undefined;
  const said = describeSetting("clip_sample", true, source);
  if (name !== undefined && defaults.clipSample === undefined) {
    note(`${said}, not a setting of ${name}, not followed`);
    return undefined;
  }
  if (!ownSettings) {
    note(`${said}, taken as false as diffusers' Stable Diffusion pipelines do`);
    return undefined;
  }
  const min = Number.MIN_VALUE;
  const clipSampleRange = within(file, "clip_sample_range", { fallback: 1, min });
  if (file.get("clip_sample") === undefined) note(`${said}: clipped to ±${clipSampleRange}`);
  return { clipSampleRange };
}

function within(
  file: ConfigReader,
  key: string,
  { fallback, min, max = Infinity }: { fallback: number; min: number; max?: number },
): number {
  const value = file.number(key) ?? fallback;
  if (value >= min && value <= max) return value;
  const least = min === Number.MIN_VALUE ? "above 0" : `from ${min}`;
  throw file.wrong(key, `a number ${least}${max === Infinity ? "" : ` to ${max}`}`);
}
