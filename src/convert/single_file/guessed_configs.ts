/**
 * Configurations of a single file's networks: sizes from the tensors, other values from the
 * published models.
 * @module
 */
import { UsageError } from "../../errors.ts";
import type { JsonObject } from "../../formats/json.ts";
import type { TensorFile } from "../../formats/tensor_file.ts";
import { shapeOf } from "../needed_tensors.ts";
import type { SingleFileKind } from "./single_file_kind.ts";

/** Width of an attention head in models whose levels have different numbers of heads. */
const HEAD_WIDTH = 64;
const MAX_LEVELS = 8;
/** Values that no tensor determines. */
const PUBLISHED = {
  sd1: { size: 64, scaling: 0.18215, heads: 8 },
  sd2: { size: 64, scaling: 0.18215, heads: undefined },
  sdxl: { size: 128, scaling: 0.13025, heads: undefined },
} as const;
/** Widths of the published UNets' first level. */
const FIRST_WIDTH = 320;

/** Name of the file in errors, and its kind. */
export interface GuessOptions {
  file: string;
  kind: SingleFileKind;
}

/**
 * `unet/config.json`.
 *
 * @param tensors under diffusers' names
 * @throws {UsageError} if the widths are not the published ones, because heads and groups are then
 * unknown
 */
export function guessedUnet(tensors: TensorFile, { file, kind }: GuessOptions): JsonObject {
  const shape = (name: string, rank: number) => shapeOf(tensors, `${name}.weight`, rank, file);
  const levels = count(
    MAX_LEVELS,
    (i) => tensors.entries.has(`down_blocks.${i}.resnets.0.conv2.weight`),
  );
  const widths = list(levels, (i) => shape(`down_blocks.${i}.resnets.0.conv2`, 4)[0]);
  if (widths[0] !== FIRST_WIDTH) {
    throw new UsageError(
      (name) =>
        `${file}: the UNet's widths ${widths.join(", ")} do not begin with the published ` +
        `${FIRST_WIDTH}: wanted ${name("configPath")} DIR`,
      { hint: "unet/config.json of a diffusers folder has the numbers of heads and groups" },
    );
  }
  const attends = list(levels, (i) => depthOf(tensors, `down_blocks.${i}.attentions.0`) > 0);
  const middle = "mid_block.attentions.0";
  const projection = tensors.entries.get(`${middle}.proj_in.weight`);
  const { size, heads } = PUBLISHED[kind];
  const [, contextWidth] = shape(`${middle}.transformer_blocks.0.attn2.to_k`, 2);
  return {
    _class_name: "UNet2DConditionModel",
    sample_size: size,
    in_channels: shape("conv_in", 4)[1],
    out_channels: shape("conv_out", 4)[0],
    down_block_types: attends.map((yes) => yes ? "CrossAttnDownBlock2D" : "DownBlock2D"),
    up_block_types: attends.toReversed().map((yes) => yes ? "CrossAttnUpBlock2D" : "UpBlock2D"),
    block_out_channels: widths,
    layers_per_block: count(
      16,
      (j) => tensors.entries.has(`down_blocks.0.resnets.${j}.conv2.weight`),
    ),
    cross_attention_dim: contextWidth,
    attention_head_dim: heads ?? widths.map((width) => Math.max(1, Math.floor(width / HEAD_WIDTH))),
    use_linear_projection: projection?.shape.length === 2,
    transformer_layers_per_block: depths(tensors, levels),
    upcast_attention: kind === "sd2",
    ...kind === "sdxl" ? additionOf(shape("add_embedding.linear_1", 2)[1]) : {},
  };
}

/**
 * Depths as diffusers writes them: 1 for a level without attention, and the middle's for the last.
 */
function depths(tensors: TensorFile, levels: number): number | number[] {
  const own = list(levels, (i) => depthOf(tensors, `down_blocks.${i}.attentions.0`) || 1);
  own[levels - 1] = depthOf(tensors, "mid_block.attentions.0");
  return own.every((depth) => depth === 1) ? 1 : own;
}

function additionOf(width: number): JsonObject {
  return {
    addition_embed_type: "text_time",
    addition_time_embed_dim: 256,
    projection_class_embeddings_input_dim: width,
  };
}

/** `vae/config.json`. @param tensors under diffusers' names */
export function guessedVae(tensors: TensorFile, { file, kind }: GuessOptions): JsonObject {
  const shape = (name: string) => shapeOf(tensors, `${name}.weight`, 4, file);
  const levels = count(
    MAX_LEVELS,
    (i) => tensors.entries.has(`encoder.down_blocks.${i}.resnets.0.conv2.weight`),
  );
  return {
    _class_name: "AutoencoderKL",
    in_channels: shape("encoder.conv_in")[1],
    out_channels: shape("decoder.conv_out")[0],
    latent_channels: shape("decoder.conv_in")[1],
    block_out_channels: list(levels, (i) => shape(`encoder.down_blocks.${i}.resnets.0.conv2`)[0]),
    layers_per_block: count(
      16,
      (j) => tensors.entries.has(`encoder.down_blocks.0.resnets.${j}.conv2.weight`),
    ),
    scaling_factor: PUBLISHED[kind].scaling,
  };
}

/**
 * `text_encoder/config.json`.
 *
 * @param tensors under transformers' names
 * @param options.openClip whether the encoder has OpenCLIP's activation
 */
export function guessedText(
  tensors: TensorFile,
  { file, openClip }: { file: string; openClip: boolean },
): JsonObject {
  const full = tensors.entries.has("text_model.final_layer_norm.weight") ? "text_model." : "";
  const shape = (name: string) => shapeOf(tensors, `${full}${name}.weight`, 2, file);
  const [vocab_size, hidden_size] = shape("embeddings.token_embedding");
  const projection = tensors.entries.get("text_projection.weight")?.shape[0];
  return {
    architectures: [projection === undefined ? "CLIPTextModel" : "CLIPTextModelWithProjection"],
    eos_token_id: 2,
    hidden_act: openClip ? "gelu" : "quick_gelu",
    hidden_size,
    intermediate_size: shape("encoder.layers.0.mlp.fc1")[0],
    max_position_embeddings: shape("embeddings.position_embedding")[0],
    model_type: "clip_text_model",
    num_attention_heads: Math.max(1, Math.floor(hidden_size / HEAD_WIDTH)),
    num_hidden_layers: count(
      256,
      (i) => tensors.entries.has(`${full}encoder.layers.${i}.mlp.fc1.weight`),
    ),
    ...projection === undefined ? {} : { projection_dim: projection },
    vocab_size,
  };
}

function depthOf({ entries }: TensorFile, transformer: string): number {
  return count(64, (n) => entries.has(`${transformer}.transformer_blocks.${n}.norm1.weight`));
}

/** Number of leading integers that satisfy `has`, at most `most`. */
function count(most: number, has: (i: number) => boolean): number {
  let i = 0;
  while (i < most && has(i)) i++;
  return i;
}

function list<T>(length: number, item: (i: number) => T): T[] {
  return Array.from({ length }, (_, i) => item(i));
}
