/**
 * Converts the VAE of the embedded models, images of 64×64 to latents of 4×8×8 and back. It is not
 * an AutoencoderKL: it shuffles pixels instead of strided first and last convolutions, and has no
 * attention (`vae.py`).
 *
 *     deno run -A scripts/train/emoji_vae.ts WEIGHTS FOLDER
 *
 * WEIGHTS is a state dict, `.pt` or `.safetensors`. FOLDER gets the networks.
 * @module
 */
import { join } from "node:path";
import { GraphBuilder, type Value } from "../../src/convert/layers/graph_builder.ts";
import { conv, groupNorm, resnet } from "../../src/convert/layers/image_layers.ts";
import { silu } from "../../src/convert/layers/layers.ts";
import { checkTensors } from "../../src/convert/needed_tensors.ts";
import { type ConvertedNetwork, convertNetwork } from "../../src/convert/network.ts";
import { RenamedTensors } from "../../src/convert/renamed_tensors.ts";
import { openTensors } from "../../src/formats/open_tensors.ts";
import type { TensorFile } from "../../src/formats/tensor_file.ts";
import { WEIGHTS, writeNetwork } from "./write_network.ts";

const NORM = { groups: 8, epsilon: 1e-5 };
const LATENT = 4, LATENT_SIDE = 8, SIDE = 64;
/** Side of the squares of pixels that the encoder's first layer turns into channels. */
const PATCH = 4;
/** Bounds of the log-variance. */
const LEAST = -12, MOST = 4;

/** A residual block of the same number of inputs and outputs. */
function residual(g: GraphBuilder, name: string, x: Value, channels: number): Value {
  return resnet(g, name, x, [channels, channels], { norm: NORM });
}

/** Norm, SiLU and convolution. */
function head(
  g: GraphBuilder,
  [norm, last]: readonly [norm: string, last: string],
  x: Value,
  [inputs, outputs]: readonly [number, number],
): Value {
  const normed = groupNorm(g, norm, x, inputs, NORM);
  return conv(g, last, silu(g, `${norm}.act`, normed), [inputs, outputs]);
}

/** Doubles height and width: four channels become a square of 2×2 pixels (PixelShuffle). */
function shuffle(g: GraphBuilder, name: string, x: Value): Value {
  return g.node("DepthToSpace", name, [x], {
    attributes: { blocksize: { int: 2 }, mode: { string: "CRD" } },
  });
}

/** Squares of pixels to channels (PixelUnshuffle). */
function unshuffle(g: GraphBuilder, name: string, x: Value): Value {
  const side = SIDE / PATCH;
  const split = g.reshape(`${name}.squares`, x, [-1, 3, side, PATCH, side, PATCH]);
  const turned = g.transpose(`${name}.by_place`, split, [0, 1, 3, 5, 2, 4]);
  return g.reshape(name, turned, [-1, 3 * PATCH * PATCH, side, side]);
}

function buildDecoder(g: GraphBuilder): void {
  const latent = g.input("latent_sample", ["batch", LATENT, LATENT_SIDE, LATENT_SIDE]);
  let x = conv(g, "decoder.0", latent, [LATENT, 160]);
  for (const i of [1, 2]) x = residual(g, `decoder.${i}`, x, 160);
  x = shuffle(g, "decoder.4", conv(g, "decoder.3", x, [160, 4 * 96]));
  for (const i of [5, 6]) x = residual(g, `decoder.${i}`, x, 96);
  x = shuffle(g, "decoder.8", conv(g, "decoder.7", x, [96, 4 * 48]));
  x = residual(g, "decoder.9", x, 48);
  x = shuffle(g, "decoder.13", head(g, ["decoder.10", "decoder.12"], x, [48, 4 * 3]));
  g.output("sample", x, ["batch", 3, SIDE, SIDE]);
}

function buildEncoder(g: GraphBuilder): void {
  const sample = g.input("sample", ["batch", 3, SIDE, SIDE]);
  let x = unshuffle(g, "encoder.0", sample);
  x = residual(g, "encoder.2", conv(g, "encoder.1", x, [3 * PATCH * PATCH, 64]), 64);
  x = conv(g, "encoder.3", x, [64, 128], { stride: 2 });
  for (const i of [4, 5]) x = residual(g, `encoder.${i}`, x, 128);
  const moments = head(g, ["encoder.6", "encoder.8"], x, [128, 2 * LATENT]);
  const [mean, logVariance] = g.split("moments", moments, 1, ["mean", "log_variance"]);
  const bounded = g.node("Clip", "log_variance", [
    logVariance,
    g.numbers("log_variance.least", [LEAST], []),
    g.numbers("log_variance.most", [MOST], []),
  ]);
  const both = g.node("Concat", "mean_and_log_variance", [mean, bounded], {
    attributes: { axis: { int: 1 } },
  });
  g.output("latent_parameters", both, ["batch", 2 * LATENT, LATENT_SIDE, LATENT_SIDE]);
}

const BUILDERS = { decoder: buildDecoder, encoder: buildEncoder };

/**
 * Converts one half of the VAE.
 *
 * @param tensors those of the other half are ignored
 * @throws {ModelError} if tensors are missing, not expected or of another shape
 */
export function convertEmojiVae(
  tensors: TensorFile,
  half: "decoder" | "encoder",
  file: string,
): ConvertedNetwork {
  const own = new RenamedTensors(tensors, (name) => name.startsWith(half) ? name : undefined);
  const g = new GraphBuilder("float32", "fp16");
  BUILDERS[half](g);
  checkTensors(own, g.weights.values(), { file });
  return convertNetwork(g, own, { name: `vae_${half}`, weightsFile: WEIGHTS });
}

if (import.meta.main) {
  const [file, folder] = Deno.args;
  using weights = await openTensors(file, {});
  for (const half of ["decoder", "encoder"] as const) {
    const network = convertEmojiVae(weights.tensors, half, file);
    await writeNetwork(join(folder, `vae_${half}`), network);
  }
}
