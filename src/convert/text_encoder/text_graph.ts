/**
 * The graph of CLIP's text encoder (Radford et al., "Learning transferable visual models from
 * natural language supervision", 2021), with the names of transformers' CLIPTextModel. Tokens are
 * rows `[batch · positions, width]`.
 * @module
 */
import type { GraphBuilder, Value } from "../layers/graph_builder.ts";
import { headAttention } from "../layers/head_attention.ts";
import { geluErf, layerNorm, linear, quickGelu } from "../layers/layers.ts";
import type { TextConfig } from "./text_config.ts";

const EPSILON = 1e-5;
/** Masks later tokens: finite, and far below any score. */
const HIDDEN = -1e30;

/** Optional outputs. */
export interface TextOutputs {
  /**
   * Whether to output each layer's input and the last one's output, without the final norm, as
   * `hidden_states.i`.
   */
  hiddenStates?: boolean;
}

/**
 * Adds the whole network: `input_ids [batch,positions]` to `last_hidden_state
 * [batch,positions,width]` and `pooler_output [batch,width]` or, with a projection, `text_embeds`
 * and `last_hidden_state`.
 */
export function buildTextEncoder(
  g: GraphBuilder,
  config: TextConfig,
  { hiddenStates = false }: TextOutputs = {},
): void {
  const { positions, width, layers, projection } = config;
  const ids = g.integerInput("input_ids", ["batch", positions]);
  const mask = causalMask(g, positions);
  const states = [embeddings(g, config, ids)];
  for (let i = 0; i < layers; i++) {
    states.push(layer(g, config, `text_model.encoder.layers.${i}`, states[i], mask));
  }
  const final = norm(g, config, "text_model.final_layer_norm", states[layers]);
  const byRow = (name: string, rows: Value) => g.reshape(name, rows, [-1, positions, width]);
  const last = byRow("last_hidden", final);
  const pooled = endRows(g, config, ids, last);
  if (projection === undefined) {
    g.output("last_hidden_state", last, ["batch", positions, width]);
    g.output("pooler_output", pooled, ["batch", width]);
  } else {
    const projected = linear(g, "text_projection", pooled, [width, projection], { bias: false });
    g.output("text_embeds", projected, ["batch", projection]);
    g.output("last_hidden_state", last, ["batch", positions, width]);
  }
  if (!hiddenStates) return;
  for (const [i, rows] of states.entries()) {
    const name = `hidden_states.${i}`;
    g.output(name, byRow(`hidden.${i}`, rows), ["batch", positions, width]);
  }
}

function embeddings(
  g: GraphBuilder,
  { vocabulary, positions, width }: TextConfig,
  ids: string,
): Value {
  const name = "text_model.embeddings";
  const table = g.weight(`${name}.token_embedding.weight`, [vocabulary, width], "float32");
  const places = g.weight(`${name}.position_embedding.weight`, [positions, width], "float32");
  const tokens = g.node("Gather", `${name}.tokens`, [table], { constants: [ids] });
  const sum = g.node("Add", name, [tokens, places]);
  return g.reshape(`${name}.rows`, sum, [-1, width]);
}

function layer(
  g: GraphBuilder,
  config: TextConfig,
  name: string,
  x: Value,
  mask: Value,
): Value {
  const { width, mlpWidth, activation } = config;
  const mixed = attention(
    g,
    config,
    `${name}.self_attn`,
    norm(g, config, `${name}.layer_norm1`, x),
    mask,
  );
  const middle = g.node("Add", `${name}.self_attn.residual`, [x, mixed]);
  const normed = norm(g, config, `${name}.layer_norm2`, middle);
  const wide = linear(g, `${name}.mlp.fc1`, normed, [width, mlpWidth]);
  const act = activation === "gelu" ? geluErf : quickGelu;
  const active = act(g, `${name}.mlp.act`, wide);
  const change = linear(g, `${name}.mlp.fc2`, active, [mlpWidth, width]);
  return g.node("Add", `${name}.mlp.residual`, [middle, g.as(change, "float32")]);
}

function attention(
  g: GraphBuilder,
  { width, heads, positions }: TextConfig,
  name: string,
  rows: Value,
  mask: Value,
): Value {
  const depth = width / heads;
  const [q, k, v] = ["q_proj", "k_proj", "v_proj"].map((part) => {
    const out = linear(g, `${name}.${part}`, rows, [width, width]);
    const split = g.reshape(`${name}.${part}.heads`, out, [-1, positions, heads, depth]);
    return g.transpose(`${name}.${part}.by_head`, split, [0, 2, 1, 3]);
  });
  const mixed = headAttention(g, name, { q, k, v, depth, mask });
  const flat = g.reshape(`${name}.flat`, mixed, [-1, width]);
  return g.as(linear(g, `${name}.out_proj`, flat, [width, width]), "float32");
}

function causalMask(g: GraphBuilder, positions: number): Value {
  const rows = Array.from(
    { length: positions },
    (_, row) => Array.from({ length: positions }, (_, column) => column > row ? HIDDEN : 0),
  );
  return g.numbers("causal_mask", rows.flat(), [positions, positions]);
}

/** The row of each prompt's end token, `[batch, width]`. */
function endRows(g: GraphBuilder, { endToken }: TextConfig, ids: string, last: Value): Value {
  let scores = ids;
  if (endToken !== undefined) {
    const end = g.integers([endToken]);
    g.rawNode("Equal", "end.equal", [ids, end], ["end.equal"]);
    g.rawNode("Cast", "end.scores", ["end.equal"], ["end.scores"], { to: { int: 6 } });
    scores = "end.scores";
  }
  g.rawNode("ArgMax", "end.place", [scores], ["end.place"], { axis: { int: -1 } });
  return g.node("GatherND", "end", [last], {
    constants: ["end.place"],
    attributes: { batch_dims: { int: 1 } },
  });
}

function norm(g: GraphBuilder, { width }: TextConfig, name: string, x: Value): Value {
  return layerNorm(g, name, x, { width, epsilon: EPSILON });
}
