/**
 * The graph of diffusers' UNet2DConditionModel (Rombach et al., "High-resolution image synthesis
 * with latent diffusion models", 2022).
 * @module
 */
import type { SchedulerConfig } from "../../sampling/schedules/scheduler_config.ts";
import { epsilonFromV } from "../dit/epsilon_from_v.ts";
import type { GraphBuilder, Value } from "../layers/graph_builder.ts";
import { conv, groupNorm, resnet, upsample } from "../layers/image_layers.ts";
import { linear, silu } from "../layers/layers.ts";
import { timestepWaves } from "../layers/timestep_waves.ts";
import { BatchShapes } from "./batch_shapes.ts";
import { spatialTransformer, type TransformerContext } from "./spatial_transformer.ts";
import { TIME_IDS, type UnetConfig } from "./unet_config.ts";

const FLOAT32 = { type: "float32" } as const;

/** A latent and its number of channels. */
interface Planes {
  value: Value;
  width: number;
}

/** Inputs that all blocks share. */
interface Blocks {
  config: UnetConfig;
  time: { value: Value; width: number };
  context: TransformerContext;
}

/** Interface of the network. */
export interface UnetInterface {
  /** Schedule of a UNet that predicts v, to return ε instead. Default: the UNet's own output. */
  epsilonOf?: Readonly<SchedulerConfig>;
  /** Sizes to accept. Default: any height, width and number of tokens. */
  sizes?: Readonly<Record<"height" | "width" | "tokens", number | string>>;
}

const OPEN_SIZES = { height: "height", width: "width", tokens: "tokens" };

/**
 * Adds the whole network: `sample [batch,C,height,width]`, `timestep [batch]`,
 * `encoder_hidden_states [batch,tokens,width]`, SDXL's also `text_embeds [batch,width]` and
 * `time_ids [batch,6]`, to `out_sample`.
 */
export function buildUnet(
  g: GraphBuilder,
  config: UnetConfig,
  { epsilonOf, sizes = OPEN_SIZES }: UnetInterface = {},
): void {
  const { height, width, tokens } = sizes;
  const { channels, outChannels, widths, contextWidth, groups, epsilon } = config;
  const sample = g.input("sample", ["batch", channels, height, width]);
  // The table of ε takes whole timesteps. Karras' and other sigmas have timesteps between them.
  const timestep = epsilonOf
    ? g.integerInput("timestep", ["batch"])
    : g.input("timestep", ["batch"]).name;
  const states = g.input("encoder_hidden_states", ["batch", tokens, contextWidth]);
  const rows = g.reshape("context.rows", states, [-1, contextWidth]);
  const shapes = new BatchShapes(g, sample);
  const { linearProjection, upcastAttention } = config;
  const blocks: Blocks = {
    config,
    time: { value: timeEmbedding(g, config, timestep), width: 4 * widths[0] },
    context: { rows, contextWidth, shapes, groups, linearProjection, upcastAttention },
  };
  const first = conv(g, "conv_in", sample, [channels, widths[0]]);
  const kept = down(g, blocks, { value: first, width: widths[0] });
  const last = up(g, blocks, middle(g, blocks, kept.at(-1)!), kept);
  const normed = groupNorm(g, "conv_norm_out", last.value, last.width, { groups, epsilon });
  let out = conv(g, "conv_out", silu(g, "conv_act", normed), [last.width, outChannels]);
  if (epsilonOf) {
    out = epsilonFromV(g, { out, sample, timestep, channels, outChannels, schedule: epsilonOf });
  }
  g.output("out_sample", out, ["batch", outChannels, height, width]);
}

/**
 * SiLU of the timestep's embedding, `[batch, 4 · first width]`, an input of each residual block.
 */
function timeEmbedding(g: GraphBuilder, config: UnetConfig, timestep: string): Value {
  const [width] = config.widths;
  const waves = timestepWaves(g, "time_proj", timestep, width);
  let embedding = twoLayers(g, "time_embedding", waves, [width, 4 * width]);
  if (config.addition) {
    const added = additionEmbedding(g, config.addition, 4 * width);
    embedding = g.node("Add", "time_and_addition", [embedding, added]);
  }
  return silu(g, "time_act", embedding);
}

function additionEmbedding(
  g: GraphBuilder,
  { frequencies, width }: NonNullable<UnetConfig["addition"]>,
  outputs: number,
): Value {
  const timeWidth = TIME_IDS * frequencies;
  const text = g.input("text_embeds", ["batch", width - timeWidth]);
  const ids = g.input("time_ids", ["batch", TIME_IDS]);
  const waves = timestepWaves(g, "add_time_proj", ids.name, frequencies);
  const flat = g.reshape("add_time_proj.flat", waves, [-1, timeWidth]);
  const both = g.node("Concat", "add_embedding.input", [text, flat], {
    attributes: { axis: { int: 1 } },
  });
  return twoLayers(g, "add_embedding", both, [width, outputs]);
}

function twoLayers(
  g: GraphBuilder,
  name: string,
  x: Value,
  [inputs, outputs]: readonly [number, number],
): Value {
  const first = linear(g, `${name}.linear_1`, x, [inputs, outputs], FLOAT32);
  const active = silu(g, `${name}.act`, first);
  return linear(g, `${name}.linear_2`, active, [outputs, outputs], FLOAT32);
}

/** The down blocks. @returns the latents that the up blocks concatenate, the last one last */
function down(g: GraphBuilder, blocks: Blocks, start: Planes): Planes[] {
  const { widths, layers } = blocks.config;
  const kept = [start];
  for (const [i, width] of widths.entries()) {
    const level = `down_blocks.${i}`;
    for (let j = 0; j < layers; j++) kept.push(layer(g, blocks, level, [i, j], kept.at(-1)!));
    if (i === widths.length - 1) continue;
    const { value } = kept.at(-1)!;
    const halved = conv(g, `${level}.downsamplers.0.conv`, value, [width, width], { stride: 2 });
    kept.push({ value: halved, width });
  }
  return kept;
}

function middle(g: GraphBuilder, { config, time, context }: Blocks, { value, width }: Planes) {
  const norm = { groups: config.groups, epsilon: config.epsilon };
  const name = "mid_block";
  const sizes = { width, heads: config.heads.at(-1)!, depth: config.middleDepth };
  let x = resnet(g, `${name}.resnets.0`, value, [width, width], { norm, time });
  x = spatialTransformer(g, `${name}.attentions.0`, x, context, sizes);
  x = resnet(g, `${name}.resnets.1`, x, [width, width], { norm, time });
  return { value: x, width };
}

function up(g: GraphBuilder, blocks: Blocks, start: Planes, kept: Planes[]): Planes {
  const { widths, layers } = blocks.config;
  let x = start;
  for (let i = widths.length - 1; i >= 0; i--) {
    const level = `up_blocks.${widths.length - 1 - i}`;
    for (let j = 0; j <= layers; j++) {
      const back = kept.pop()!;
      const both = g.node("Concat", `${level}.resnets.${j}.input`, [x.value, back.value], {
        attributes: { axis: { int: 1 } },
      });
      x = layer(g, blocks, level, [i, j], { value: both, width: x.width + back.width });
    }
    if (i === 0) continue;
    const larger = upsample(g, `${level}.upsamplers.0`, x.value);
    const value = conv(g, `${level}.upsamplers.0.conv`, larger, [x.width, x.width]);
    x = { value, width: x.width };
  }
  return x;
}

/** A residual block and, where the level has attention, a transformer. */
function layer(
  g: GraphBuilder,
  { config, time, context }: Blocks,
  name: string,
  [level, j]: readonly [number, number],
  x: Planes,
): Planes {
  const width = config.widths[level];
  const norm = { groups: config.groups, epsilon: config.epsilon };
  const value = resnet(g, `${name}.resnets.${j}`, x.value, [x.width, width], { norm, time });
  const [depth, heads] = [config.depths[level], config.heads[level]];
  if (depth === 0) return { value, width };
  const attended = spatialTransformer(g, `${name}.attentions.${j}`, value, context, {
    ...{ width, heads, depth },
  });
  return { value: attended, width };
}
