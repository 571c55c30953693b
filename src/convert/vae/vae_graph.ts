/**
 * The graphs of diffusers' AutoencoderKL (Rombach et al., "High-resolution image synthesis with
 * latent diffusion models", 2022).
 * @module
 */
import type { GraphBuilder, Value } from "../layers/graph_builder.ts";
import {
  conv,
  groupNorm,
  type GroupNormOptions,
  resnet,
  upsample,
} from "../layers/image_layers.ts";
import { silu } from "../layers/layers.ts";
import type { VaeConfig } from "./vae_config.ts";
import { pixelAttention } from "./pixel_attention.ts";

/** Downsampling with the padding of diffusers' autoencoder: zeros at the bottom and right. */
const DOWNSAMPLING = { stride: 2, pads: [0, 0, 1, 1] } as const;

/**
 * `latent_sample [batch,C,height,width]`, unscaled, to `sample`, 2^(levels − 1) times as high and
 * wide.
 */
export function buildVaeDecoder(g: GraphBuilder, config: VaeConfig): void {
  const { latentChannels, widths, layers, channels } = config;
  const latent = g.input("latent_sample", ["batch", latentChannels, "height", "width"]);
  const start = config.postQuantConv
    ? conv(g, "post_quant_conv", latent, [latentChannels, latentChannels], { kernel: 1 })
    : latent;
  const deepest = widths.at(-1)!;
  let x = conv(g, "decoder.conv_in", start, [latentChannels, deepest]);
  x = middle(g, config, "decoder.mid_block", x);
  let from = deepest;
  for (const [i, width] of widths.toReversed().entries()) {
    const level = `decoder.up_blocks.${i}`;
    for (let j = 0; j <= layers; j++) {
      x = resnet(g, `${level}.resnets.${j}`, x, [from, width], { norm: normOf(config) });
      from = width;
    }
    if (i === widths.length - 1) continue;
    const larger = upsample(g, `${level}.upsamplers.0`, x);
    x = conv(g, `${level}.upsamplers.0.conv`, larger, [width, width]);
  }
  const out = last(g, config, "decoder", x, [from, channels]);
  g.output("sample", out, ["batch", channels, "picture_height", "picture_width"]);
}

/**
 * `sample [batch,3,height,width]` to `latent_parameters`: mean and log-variance of the latent,
 * unscaled.
 */
export function buildVaeEncoder(g: GraphBuilder, config: VaeConfig): void {
  const { latentChannels, widths, layers, channels } = config;
  const sample = g.input("sample", ["batch", channels, "height", "width"]);
  let x = conv(g, "encoder.conv_in", sample, [channels, widths[0]]);
  let from = widths[0];
  for (const [i, width] of widths.entries()) {
    const level = `encoder.down_blocks.${i}`;
    for (let j = 0; j < layers; j++) {
      x = resnet(g, `${level}.resnets.${j}`, x, [from, width], { norm: normOf(config) });
      from = width;
    }
    if (i === widths.length - 1) continue;
    x = conv(g, `${level}.downsamplers.0.conv`, x, [width, width], DOWNSAMPLING);
  }
  x = middle(g, config, "encoder.mid_block", x);
  const moments = 2 * latentChannels;
  let out = last(g, config, "encoder", x, [from, moments]);
  if (config.quantConv) out = conv(g, "quant_conv", out, [moments, moments], { kernel: 1 });
  g.output("latent_parameters", out, ["batch", moments, "latent_height", "latent_width"]);
}

function middle(g: GraphBuilder, config: VaeConfig, name: string, x: Value): Value {
  const width = config.widths.at(-1)!;
  const norm = normOf(config);
  let out = resnet(g, `${name}.resnets.0`, x, [width, width], { norm });
  if (config.attention) out = pixelAttention(g, `${name}.attentions.0`, out, width, norm);
  return resnet(g, `${name}.resnets.1`, out, [width, width], { norm });
}

function last(
  g: GraphBuilder,
  config: VaeConfig,
  name: string,
  x: Value,
  [from, to]: readonly [number, number],
): Value {
  const normed = groupNorm(g, `${name}.conv_norm_out`, x, from, normOf(config));
  return conv(g, `${name}.conv_out`, silu(g, `${name}.conv_act`, normed), [from, to]);
}

function normOf({ groups }: VaeConfig): GroupNormOptions {
  return { groups, epsilon: 1e-6 };
}
