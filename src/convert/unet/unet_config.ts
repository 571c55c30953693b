/** `config.json` of diffusers' UNet2DConditionModel. @module */
import type { JsonObject, JsonValue } from "../../formats/json.ts";
import { ConfigReader } from "../../models/config_reader.ts";
import { normGroups } from "../layers/norm_groups.ts";

/** Sizes of a UNet2DConditionModel. */
export interface UnetConfig {
  /** Channels of a latent. */
  channels: number;
  /** Channels of the output. */
  outChannels: number;
  /** Channels of the levels, finest first. */
  widths: readonly number[];
  /** Residual blocks of a down block; an up block has one more. */
  layers: number;
  /** Transformer blocks after each residual block of a level; 0 for a level without attention. */
  depths: readonly number[];
  /** Transformer blocks in the middle. */
  middleDepth: number;
  /** Attention heads of each level; the middle block has the last one's. */
  heads: readonly number[];
  /** Width of a row of the context. */
  contextWidth: number;
  /** Whether proj_in and proj_out are stored as matrices instead of convolutions of 1×1. */
  linearProjection: boolean;
  /** Whether queries and keys are always multiplied in float32. */
  upcastAttention: boolean;
  /** Groups of every GroupNorm. */
  groups: number;
  /** Added to the variance in residual blocks and before the last convolution. */
  epsilon: number;
  /** SDXL's second condition. */
  addition?: {
    /** Size of the embedding of one time id. */
    frequencies: number;
    /** Width of the pooled text and the embeddings of all time ids. */
    width: number;
  };
}

/** Time ids of SDXL: original size, crop, target size. */
export const TIME_IDS = 6;

/** Settings with only these supported values. */
const FIXED: Readonly<Record<string, readonly JsonValue[]>> = {
  _class_name: ["UNet2DConditionModel"],
  act_fn: ["silu"],
  addition_embed_type: [null, "text_time"],
  attention_type: ["default"],
  center_input_sample: [false],
  class_embed_type: [null],
  conv_in_kernel: [3],
  conv_out_kernel: [3],
  cross_attention_norm: [null],
  downsample_padding: [1],
  dual_cross_attention: [false],
  encoder_hid_dim: [null],
  encoder_hid_dim_type: [null],
  flip_sin_to_cos: [true],
  freq_shift: [0],
  mid_block_only_cross_attention: [null, false],
  mid_block_scale_factor: [1],
  mid_block_type: ["UNetMidBlock2DCrossAttn"],
  num_attention_heads: [null],
  num_class_embeds: [null],
  only_cross_attention: [false],
  resnet_out_scale_factor: [1],
  resnet_skip_time_act: [false],
  resnet_time_scale_shift: ["default"],
  reverse_transformer_layers_per_block: [null],
  time_cond_proj_dim: [null],
  time_embedding_act_fn: [null],
  time_embedding_dim: [null],
  time_embedding_type: ["positional"],
  timestep_post_act: [null],
};

const MAX_LEVELS = 8;
const WIDEST = 2 ** 16;
const DOWN_TYPES = [...new Array(3).fill("CrossAttnDownBlock2D"), "DownBlock2D"];

/**
 * Reads a configuration. Missing keys have diffusers' defaults.
 *
 * @throws {ModelError} naming the key, its value and the supported values
 */
export function unetConfig(json: JsonObject, file: string): UnetConfig {
  const reader = new ConfigReader(file, json);
  reader.fixed(FIXED);
  const attends = levelsWithAttention(reader);
  const count = attends.length;
  const size = (key: string, fallback: number) => reader.size(key, { fallback, most: WIDEST });
  const sizes = (key: string, fallback: number | undefined, most: number) =>
    reader.sizes(key, { fallback, most, count });
  const widths = sizes("block_out_channels", undefined, WIDEST);
  if (widths[0] % 2 !== 0) throw reader.wrong("block_out_channels", "an even number first");
  const heads = sizes("attention_head_dim", 8, 1024);
  const mixed = widths.find((width, i) =>
    (attends[i] || i === count - 1) && width % heads[i] !== 0
  );
  if (mixed !== undefined) {
    throw reader.wrong("attention_head_dim", `numbers of heads that divide the width ${mixed}`);
  }
  const depths = sizes("transformer_layers_per_block", 1, 32);
  const epsilon = reader.number("norm_eps") ?? 1e-5;
  if (!(epsilon > 0)) throw reader.wrong("norm_eps", "a number above 0");
  return {
    channels: size("in_channels", 4),
    outChannels: size("out_channels", 4),
    widths,
    layers: layersOf(reader, count),
    depths: depths.map((depth, i) => attends[i] ? depth : 0),
    middleDepth: depths[count - 1],
    heads,
    contextWidth: contextWidth(reader, count),
    linearProjection: reader.flag("use_linear_projection") ?? false,
    upcastAttention: reader.flag("upcast_attention") ?? false,
    groups: normGroups(reader, widths),
    epsilon,
    addition: reader.get("addition_embed_type") === "text_time" ? additionOf(reader) : undefined,
  };
}

/** Which levels have transformers, in both down and up blocks. */
function levelsWithAttention(reader: ConfigReader): boolean[] {
  const down = blockTypes(reader, "down_block_types", "DownBlock2D") ??
    DOWN_TYPES.map((type) => type !== "DownBlock2D");
  const up = blockTypes(reader, "up_block_types", "UpBlock2D") ?? down.toReversed();
  if (String(up.toReversed()) === String(down)) return down;
  const wanted = down.toReversed().map((attends) => attends ? "CrossAttnUpBlock2D" : "UpBlock2D");
  throw reader.wrong("up_block_types", wanted.join(", "));
}

function blockTypes(reader: ConfigReader, key: string, plain: string): boolean[] | undefined {
  const value = reader.get(key);
  if (value === undefined) return undefined;
  const kinds: readonly JsonValue[] = [plain, `CrossAttn${plain}`];
  const fits = Array.isArray(value) && value.length > 0 && value.length <= MAX_LEVELS &&
    value.every((kind) => kinds.includes(kind));
  if (!fits) throw reader.wrong(key, `1 to ${MAX_LEVELS} of ${kinds.join(" and ")}`);
  return (value as JsonValue[]).map((kind) => kind !== plain);
}

function layersOf(reader: ConfigReader, count: number): number {
  const layers = new Set(reader.sizes("layers_per_block", { fallback: 2, most: 8, count }));
  if (layers.size === 1) return [...layers][0];
  throw reader.wrong("layers_per_block", "one number for all levels");
}

function contextWidth(reader: ConfigReader, count: number): number {
  const given = { fallback: 1280, most: WIDEST, count };
  const widths = new Set(reader.sizes("cross_attention_dim", given));
  if (widths.size === 1) return [...widths][0];
  throw reader.wrong("cross_attention_dim", "one number for all levels");
}

function additionOf(reader: ConfigReader): UnetConfig["addition"] {
  const frequencies = reader.size("addition_time_embed_dim", { most: WIDEST });
  if (frequencies % 2 !== 0) throw reader.wrong("addition_time_embed_dim", "an even number");
  const width = reader.size("projection_class_embeddings_input_dim", { most: WIDEST });
  if (width > TIME_IDS * frequencies) return { frequencies, width };
  throw reader.wrong(
    "projection_class_embeddings_input_dim",
    `more than ${TIME_IDS} times addition_time_embed_dim`,
  );
}
