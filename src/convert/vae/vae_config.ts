/** `config.json` of diffusers' AutoencoderKL. @module */
import type { JsonObject, JsonValue } from "../../formats/json.ts";
import { ConfigReader } from "../../models/config_reader.ts";
import { normGroups } from "../layers/norm_groups.ts";

/** Sizes of an AutoencoderKL. */
export interface VaeConfig {
  /** Channels of an image. */
  channels: number;
  /** Channels of a latent. */
  latentChannels: number;
  /** Channels of the encoder's levels, finest first. */
  widths: readonly number[];
  /** Residual blocks of an encoder level; a decoder level has one more. */
  layers: number;
  /** Groups of every GroupNorm. */
  groups: number;
  /** Factor from the VAE's latents to sampled latents. */
  scalingFactor: number;
  /** Whether the encoder ends with a 1×1 convolution. */
  quantConv: boolean;
  /** Whether the decoder begins with a 1×1 convolution. */
  postQuantConv: boolean;
  /** Whether the middle block has attention. */
  attention: boolean;
}

/** Settings with only these supported values. */
const FIXED: Readonly<Record<string, readonly JsonValue[]>> = {
  _class_name: ["AutoencoderKL"],
  act_fn: ["silu"],
  shift_factor: [null, 0],
  latents_mean: [null],
  latents_std: [null],
};

const MAX_LEVELS = 8;
const WIDEST = 2 ** 16;

/**
 * Reads a configuration. Missing keys have diffusers' defaults.
 *
 * @throws {ModelError} naming the key, its value and the supported values
 */
export function vaeConfig(json: JsonObject, file: string): VaeConfig {
  const reader = new ConfigReader(file, json);
  reader.fixed(FIXED);
  const widths = levelWidths(reader);
  sameBlocks(reader, "down_block_types", "DownEncoderBlock2D", widths.length);
  sameBlocks(reader, "up_block_types", "UpDecoderBlock2D", widths.length);
  const size = (key: string, fallback: number, most = WIDEST) =>
    reader.size(key, { fallback, most });
  const scalingFactor = reader.number("scaling_factor") ?? 0.18215;
  if (scalingFactor <= 0) throw reader.wrong("scaling_factor", "a number above 0");
  return {
    channels: size("in_channels", 3),
    latentChannels: size("latent_channels", 4),
    widths,
    layers: size("layers_per_block", 1, 16),
    groups: normGroups(reader, widths),
    scalingFactor,
    quantConv: reader.flag("use_quant_conv") ?? true,
    postQuantConv: reader.flag("use_post_quant_conv") ?? true,
    attention: reader.flag("mid_block_add_attention") ?? true,
  };
}

function levelWidths(reader: ConfigReader): number[] {
  const key = "block_out_channels";
  const given = reader.get(key);
  if (Array.isArray(given) && given.length > 0 && given.length <= MAX_LEVELS) {
    return reader.sizes(key, { most: WIDEST, count: given.length });
  }
  throw reader.wrong(key, `1 to ${MAX_LEVELS} widths, such as [128, 256, 512, 512]`);
}

function sameBlocks(reader: ConfigReader, key: string, kind: string, count: number): void {
  const value = reader.get(key);
  if (value === undefined) return;
  const fits = Array.isArray(value) && value.length === count &&
    value.every((one) => one === kind);
  if (!fits) throw reader.wrong(key, `${count} times ${kind}`);
}
