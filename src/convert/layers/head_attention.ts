/** Attention of several heads. @module */
import type { GraphBuilder, Value } from "./graph_builder.ts";
import { softmax } from "./layers.ts";

/** Queries, keys and values, `[batch, heads, tokens, depth]`. */
export interface HeadAttention {
  q: Value;
  k: Value;
  v: Value;
  depth: number;
  /** Added to the scores `[batch, heads, queries, keys]`; a large negative number masks a key. */
  mask?: Value;
}

/** softmax(q·kᵀ/√depth + mask)·v, `[batch, tokens, heads, depth]`; the softmax in float32. */
export function headAttention(
  g: GraphBuilder,
  name: string,
  { q, k, v, depth, mask }: HeadAttention,
): Value {
  const root = g.numbers(`attention.scale.${depth}`, [depth ** -0.5], [], q.type);
  const scaled = g.node("Mul", `${name}.q`, [q, root]);
  const keys = g.transpose(`${name}.k`, k, [0, 1, 3, 2]);
  const scores = g.as(g.node("MatMul", `${name}.scores`, [scaled, keys]), "float32");
  const masked = mask ? g.node("Add", `${name}.masked`, [scores, mask]) : scores;
  const weights = softmax(g, `${name}.softmax`, masked);
  const mixed = g.node("MatMul", `${name}.mixed`, [g.as(weights, v.type), v]);
  return g.transpose(`${name}.by_token`, mixed, [0, 2, 1, 3]);
}
