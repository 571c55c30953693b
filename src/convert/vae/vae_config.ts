/** `config.json` of diffusers' AutoencoderKL. @module */
import { ModelError } from "../../errors.ts";
import type { JsonObject, JsonValue } from "../../formats/json.ts";
import { shownValue } from "../../text.ts";

/** Sizes of an AutoencoderKL. */
export interface VaeConfig {
  /** Channels of an image. */
  channels: number;
  /** Channels of a latent. */
  latentChannels: number;
  /** Channels of the encoder's levels, finest first. */
  widths: readonly number[];
  /** Residual blocks in a level of the encoder; the decoder's have one more. */
  layers: number;
  /** Groups of every GroupNorm. */
  groups: number;
  /** Ratio of the latents that are sampled to the VAE's own. */
  scalingFactor: number;
  /** Whether the encoder ends with a convolution of 1×1. */
  quantConv: boolean;
  /** Whether the decoder begins with a convolution of 1×1. */
  postQuantConv: boolean;
  /** Whether there is attention in the middle. */
  attention: boolean;
}

/** Settings that would make another network of it, with the values that ours has. */
const FIXED: Readonly<Record<string, readonly JsonValue[]>> = {
  _class_name: ["AutoencoderKL"],
  act_fn: ["silu"],
  shift_factor: [null, 0],
  latents_mean: [null],
  latents_std: [null],
};

/**
 * Reads a configuration; what it leaves out has diffusers' default.
 *
 * @throws {ModelError} naming the key, what was found and what is needed
 */
export function vaeConfig(json: JsonObject, file: string): VaeConfig {
  for (const [key, allowed] of Object.entries(FIXED)) {
    const value = json[key];
    if (value !== undefined && !allowed.includes(value)) throw wrong(file, key, value, allowed);
  }
  const widths = json.block_out_channels;
  if (!isSizes(widths) || widths.length === 0) {
    throw wrong(file, "block_out_channels", widths, ["[128, 256, 512, 512]"]);
  }
  sameBlocks(file, json, "down_block_types", "DownEncoderBlock2D", widths.length);
  sameBlocks(file, json, "up_block_types", "UpDecoderBlock2D", widths.length);
  const size = (key: string, fallback: number) => {
    const value = json[key] ?? fallback;
    if (!isSize(value)) throw wrong(file, key, value, ["a whole number"]);
    return value;
  };
  const flag = (key: string) => {
    const value = json[key] ?? true;
    if (typeof value !== "boolean") throw wrong(file, key, value, ["true or false"]);
    return value;
  };
  const scalingFactor = json.scaling_factor ?? 0.18215;
  if (typeof scalingFactor !== "number" || !(scalingFactor > 0 && scalingFactor < Infinity)) {
    throw wrong(file, "scaling_factor", scalingFactor, ["a number above 0"]);
  }
  const groups = size("norm_num_groups", 32);
  if (widths.some((width) => width % groups !== 0)) {
    throw wrong(file, "norm_num_groups", groups, [`a divisor of all of ${widths.join(", ")}`]);
  }
  return {
    channels: size("in_channels", 3),
    latentChannels: size("latent_channels", 4),
    widths,
    layers: size("layers_per_block", 1),
    groups,
    scalingFactor,
    quantConv: flag("use_quant_conv"),
    postQuantConv: flag("use_post_quant_conv"),
    attention: flag("mid_block_add_attention"),
  };
}

function sameBlocks(file: string, json: JsonObject, key: string, kind: string, count: number) {
  const value = json[key];
  if (value === undefined) return;
  const fits = Array.isArray(value) && value.length === count &&
    value.every((one) => one === kind);
  if (!fits) throw wrong(file, key, value, [`${count} times ${kind}`]);
}

function isSize(value: JsonValue | undefined): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0;
}

function isSizes(value: JsonValue | undefined): value is readonly number[] {
  return Array.isArray(value) && value.every(isSize);
}

function wrong(
  file: string,
  key: string,
  value: JsonValue | undefined,
  wanted: readonly JsonValue[],
): ModelError {
  const found = value === undefined ? "missing" : shownValue(value);
  const needed = wanted.map((one) => typeof one === "string" ? one : JSON.stringify(one));
  return new ModelError(`${file}: ${key} is ${found}, needed is ${needed.join(" or ")}`);
}
