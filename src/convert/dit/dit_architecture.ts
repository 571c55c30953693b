/** The sizes of a DiT, from the shapes of its tensors. @module */
import { ModelError, UsageError } from "../../errors.ts";
import type { TensorFile } from "../../formats/tensor_file.ts";
import { shapeOf } from "../needed_tensors.ts";

/** Sizes of a DiT. */
export interface DitArchitecture {
  /** Latent channels. */
  channels: number;
  /** Output channels: twice the latent's if the variance is learned. */
  outChannels: number;
  /** Height and width of the latent. */
  size: number;
  /** Height and width of a patch. */
  patch: number;
  /** Tokens of an image. */
  tokens: number;
  /** Width of a token. */
  width: number;
  /** Number of blocks. */
  depth: number;
  /** Attention heads. */
  heads: number;
  /** Width inside the MLP. */
  mlpWidth: number;
  /** Width of a timestep's sinusoidal embedding: cosines, then sines. */
  frequencies: number;
  /** Rows of the class table: the classes, and the null class last. */
  classRows: number;
}

/**
 * Published sizes (DiT paper, table 1): width, depth, heads. No shape determines the number of
 * heads.
 */
const PUBLISHED: readonly (readonly [name: string, width: number, depth: number, heads: number])[] =
  [["S", 384, 12, 6], ["B", 768, 12, 12], ["L", 1024, 24, 16], ["XL", 1152, 28, 16]];

/**
 * Determines the sizes of the DiT in a checkpoint.
 *
 * @param options `numHeads` is required for a size that is not published
 * @throws {ModelError} if a tensor that determines a size is missing or has an impossible shape
 * @throws {UsageError} if the number of heads is unknown or does not divide the width
 */
export function ditArchitecture(
  checkpoint: TensorFile,
  { file, numHeads }: { file: string; numHeads?: number },
): DitArchitecture {
  const shape = (name: string, rank: number) => shapeOf(checkpoint, name, rank, file);
  const [width, channels, patch] = shape("x_embedder.proj.weight", 4);
  const [, tokens] = shape("pos_embed", 3);
  const [rows] = shape("final_layer.linear.weight", 2);
  const [mlpWidth] = shape("blocks.0.mlp.fc1.weight", 2);
  const [, frequencies] = shape("t_embedder.mlp.0.weight", 2);
  const [classRows] = shape("y_embedder.embedding_table.weight", 2);
  const side = Math.sqrt(tokens);
  const outChannels = rows / patch ** 2;
  const require = (ok: boolean, what: string) => {
    if (!ok) throw new ModelError(`${file}: ${what}`);
  };
  require(Number.isInteger(side) && side > 0, `pos_embed has ${tokens} tokens, wanted a square`);
  require(
    Number.isInteger(outChannels) && outChannels >= channels,
    `final_layer.linear has ${rows} rows, wanted ${patch ** 2} times the output's channels, ` +
      `${channels} or more`,
  );
  require(frequencies % 2 === 0, `t_embedder.mlp.0 takes ${frequencies} numbers, wanted even`);
  require(classRows > 1, `y_embedder has ${classRows} rows, wanted classes and a null class`);
  const depth = countBlocks(checkpoint);
  const heads = numHeads ?? publishedHeads(width, depth);
  if (width % heads !== 0) {
    throw new UsageError((name) =>
      `${name("numHeads")} is ${heads}, wanted a divisor of the width ${width}`
    );
  }
  const size = side * patch;
  return {
    ...{ channels, outChannels, size, patch, tokens, width, depth, heads, mlpWidth },
    ...{ frequencies, classRows },
  };
}

/** Name such as `DiT-XL/2, latent 32x32`; the sizes if they are not published. */
export function ditName({ width, depth, heads, patch, size }: DitArchitecture): string {
  const known = PUBLISHED.find(([, ...sizes]) => `${sizes}` === `${[width, depth, heads]}`);
  const sizes = known
    ? `DiT-${known[0]}/${patch}`
    : `DiT of width ${width}, depth ${depth}, ${heads} heads, patch ${patch}`;
  return `${sizes}, latent ${size}x${size}`;
}

function countBlocks({ entries }: TensorFile): number {
  let depth = 1;
  while (entries.has(`blocks.${depth}.attn.qkv.weight`)) depth++;
  return depth;
}

function publishedHeads(width: number, depth: number): number {
  const known = PUBLISHED.find((size) => size[1] === width && size[2] === depth);
  if (known) return known[3];
  const sizes = PUBLISHED.map(([name, width, depth]) => `${name} (${width}, ${depth})`).join(", ");
  throw new UsageError(
    (name) =>
      `width ${width} and depth ${depth} are not one of the published sizes ${sizes}: ` +
      `wanted ${name("numHeads")} N`,
    { hint: "the number of attention heads is in the configuration the model was trained with" },
  );
}
