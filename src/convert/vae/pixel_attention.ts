/** The attention in the middle block of diffusers' AutoencoderKL. @module */
import type { GraphBuilder, Value } from "../layers/graph_builder.ts";
import { groupNorm, type GroupNormOptions, likeShape } from "../layers/image_layers.ts";
import { softmax } from "../layers/layers.ts";

/**
 * Attention of one head over all pixels. Linear layers are convolutions of 1×1 with channels first,
 * so that no weight is transposed.
 */
export function pixelAttention(
  g: GraphBuilder,
  name: string,
  x: Value,
  channels: number,
  norm: GroupNormOptions,
): Value {
  const normed = g.as(groupNorm(g, `${name}.group_norm`, x, channels, norm), g.compute);
  const project = (part: string, from: Value) => {
    const weight = g.weight(`${name}.${part}.weight`, [channels, channels], g.compute, [
      channels,
      channels,
      1,
      1,
    ]);
    const bias = g.weight(`${name}.${part}.bias`, [channels], g.compute);
    return g.node("Conv", `${name}.${part}`, [from, weight, bias]);
  };
  const [q, k, v] = ["to_q", "to_k", "to_v"].map((part) =>
    g.reshape(`${name}.${part}.rows`, project(part, normed), [0, channels, -1])
  );
  const root = g.numbers(`attention.scale.${channels}`, [channels ** -0.5], [], q.type);
  const scaled = g.node("Mul", `${name}.q`, [q, root]);
  const queries = g.transpose(`${name}.q.turned`, scaled, [0, 2, 1]);
  const scores = g.node("MatMul", `${name}.scores`, [queries, k]);
  const weights = g.as(softmax(g, `${name}.softmax`, scores), v.type);
  const turned = g.transpose(`${name}.weights`, weights, [0, 2, 1]);
  const mixed = g.node("MatMul", `${name}.mixed`, [v, turned]);
  const pixels = likeShape(g, `${name}.pixels`, mixed, x);
  return g.node("Add", name, [x, g.as(project("to_out.0", pixels), "float32")]);
}
