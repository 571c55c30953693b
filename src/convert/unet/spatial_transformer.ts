/**
 * diffusers' Transformer2DModel: self-attention over the pixels of a latent, and cross-attention to
 * the rows of a context.
 *
 * Tokens are rows `[batch · tokens, width]` in float32; `[batch, heads, tokens, depth]` inside
 * attention.
 * @module
 */
import type { GraphBuilder, Value } from "../layers/graph_builder.ts";
import { headAttention } from "../layers/head_attention.ts";
import { groupNorm, likeShape } from "../layers/image_layers.ts";
import { geluErf, layerNorm, linear } from "../layers/layers.ts";
import type { BatchShapes } from "./batch_shapes.ts";

/** Settings that all transformers of a network share. */
export interface TransformerContext {
  /** Rows of the context, `[batch · tokens, contextWidth]`. */
  rows: Value;
  contextWidth: number;
  shapes: BatchShapes;
  groups: number;
  linearProjection: boolean;
  upcastAttention: boolean;
}

/** Sizes of one transformer. */
export interface TransformerSizes {
  width: number;
  heads: number;
  /** Number of blocks. */
  depth: number;
}

const GROUP_NORM_EPSILON = 1e-6;
const LAYER_NORM_EPSILON = 1e-5;

/** Adds a transformer's output to a latent `[batch, channels, height, width]`. */
export function spatialTransformer(
  g: GraphBuilder,
  name: string,
  x: Value,
  context: TransformerContext,
  sizes: TransformerSizes,
): Value {
  const { width, depth } = sizes;
  const { shapes, groups, linearProjection } = context;
  const shape = linearProjection ? [width, width] : [width, width, 1, 1];
  const normed = groupNorm(g, `${name}.norm`, x, width, { groups, epsilon: GROUP_NORM_EPSILON });
  const flat = g.reshape(`${name}.pixels`, normed, [0, width, -1]);
  const tokens = g.transpose(`${name}.tokens`, flat, [0, 2, 1]);
  const rows = g.reshape(`${name}.rows`, tokens, [-1, width]);
  let hidden = g.as(linear(g, `${name}.proj_in`, rows, [width, width], { shape }), "float32");
  for (let i = 0; i < depth; i++) {
    hidden = block(g, `${name}.transformer_blocks.${i}`, hidden, context, sizes);
  }
  const out = linear(g, `${name}.proj_out`, hidden, [width, width], { shape });
  const byRow = shapes.reshape(`${name}.by_row`, g.as(out, "float32"), [-1, width]);
  const planes = g.transpose(`${name}.planes`, byRow, [0, 2, 1]);
  return g.node("Add", name, [likeShape(g, `${name}.image`, planes, x), x]);
}

function block(
  g: GraphBuilder,
  name: string,
  x: Value,
  context: TransformerContext,
  sizes: TransformerSizes,
): Value {
  const { width } = sizes;
  const norm = (part: string, value: Value) =>
    layerNorm(g, `${name}.${part}`, value, { width, epsilon: LAYER_NORM_EPSILON });
  const own = norm("norm1", x);
  const mixed = attention(g, `${name}.attn1`, [own, own], context, { ...sizes, from: width });
  const first = g.node("Add", `${name}.attn1.residual`, [mixed, x]);
  const second = g.node("Add", `${name}.attn2.residual`, [
    attention(g, `${name}.attn2`, [norm("norm2", first), context.rows], context, {
      ...sizes,
      from: context.contextWidth,
    }),
    first,
  ]);
  const change = feedForward(g, `${name}.ff`, norm("norm3", second), width);
  return g.node("Add", `${name}.ff.residual`, [change, second]);
}

/** Attention of rows to other rows of width `from`. */
function attention(
  g: GraphBuilder,
  name: string,
  [rows, others]: readonly [Value, Value],
  { shapes, upcastAttention }: TransformerContext,
  { width, heads, from }: TransformerSizes & { from: number },
): Value {
  const depth = width / heads;
  const project = (part: string, value: Value, inputs: number) => {
    const out = linear(g, `${name}.${part}`, value, [inputs, width], { bias: false });
    const split = shapes.reshape(`${name}.${part}.heads`, out, [-1, heads, depth]);
    return g.transpose(`${name}.${part}.by_head`, split, [0, 2, 1, 3]);
  };
  const scored = (value: Value) => upcastAttention ? g.as(value, "float32") : value;
  const q = scored(project("to_q", rows, width));
  const k = scored(project("to_k", others, from));
  const v = project("to_v", others, from);
  const mixed = headAttention(g, name, { q, k, v, depth });
  const flat = g.reshape(`${name}.flat`, mixed, [-1, width]);
  return g.as(linear(g, `${name}.to_out.0`, flat, [width, width]), "float32");
}

/** GEGLU: half of the first layer's outputs times the GELU of the other half. */
function feedForward(g: GraphBuilder, name: string, rows: Value, width: number): Value {
  const inner = 4 * width;
  const both = linear(g, `${name}.net.0.proj`, rows, [width, 2 * inner]);
  const [value, gate] = g.split(`${name}.net.0.split`, both, 1, ["value", "gate"]);
  const active = geluErf(g, `${name}.net.0.gelu`, gate);
  const gated = g.node("Mul", `${name}.net.0`, [value, active]);
  return g.as(linear(g, `${name}.net.2`, gated, [inner, width]), "float32");
}
