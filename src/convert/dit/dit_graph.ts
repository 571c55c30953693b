/**
 * The graph of a DiT: Peebles and Xie, "Scalable diffusion models with transformers", 2023, with
 * the names of the official checkpoints.
 *
 * Rows of tokens are `[batch · tokens, width]` inside linear layers and `[batch, tokens, width]`
 * where a row of the batch scales and shifts them.
 * @module
 */
import { SCHEDULER_PRESETS } from "../../sampling/schedules/scheduler_config.ts";
import type { DitArchitecture } from "./dit_architecture.ts";
import { epsilonFromV } from "./epsilon_from_v.ts";
import type { GraphBuilder, Value } from "../layers/graph_builder.ts";
import { headAttention } from "../layers/head_attention.ts";
import { geluTanh, linear, silu } from "../layers/layers.ts";
import { timestepWaves } from "../layers/timestep_waves.ts";

const NORM_EPSILON = 1e-6;
const FLOAT32 = { type: "float32" } as const;

/** What a checkpoint predicts; `flow_prediction` is a rectified flow's velocity ε − x_0. */
export type DitPrediction = "epsilon" | "v_prediction" | "flow_prediction";

/** Adds the whole network, inputs and output included. */
export function buildDit(
  g: GraphBuilder,
  architecture: DitArchitecture,
  prediction: DitPrediction,
): void {
  const { channels, outChannels, size } = architecture;
  const sample = g.input("sample", ["batch", channels, size, size]);
  // A flow's timestep is 1000 σ, which is rarely whole.
  const timestep = prediction === "flow_prediction"
    ? g.input("timestep", ["batch"]).name
    : g.integerInput("timestep", ["batch"]);
  const labels = g.integerInput("class_labels", ["batch"]);
  const condition = conditioning(g, architecture, timestep, labels);
  let hidden = patchEmbedding(g, architecture, sample);
  for (let i = 0; i < architecture.depth; i++) {
    hidden = block(g, architecture, `blocks.${i}`, hidden, condition);
  }
  let out = finalLayer(g, architecture, hidden, condition);
  if (prediction === "v_prediction") {
    const schedule = SCHEDULER_PRESETS.dit;
    out = epsilonFromV(g, { out, sample, timestep, channels, outChannels, schedule });
  }
  g.output("out_sample", out, ["batch", outChannels, size, size]);
}

/**
 * SiLU of the sum of both embeddings, `[batch, width]`: all that the blocks take from timestep and
 * class.
 */
function conditioning(
  g: GraphBuilder,
  { width, frequencies, classRows }: DitArchitecture,
  timestep: string,
  labels: string,
): Value {
  const waves = timestepWaves(g, "t_embedder", timestep, frequencies);
  const first = linear(g, "t_embedder.mlp.0", waves, [frequencies, width], FLOAT32);
  const active = silu(g, "t_embedder.mlp.1", first);
  const time = linear(g, "t_embedder.mlp.2", active, [width, width], FLOAT32);
  const table = g.weight("y_embedder.embedding_table.weight", [classRows, width], "float32");
  const label = g.node("Gather", "y_embedder", [table], { constants: [labels] });
  const sum = g.node("Add", "condition", [time, label]);
  return silu(g, "condition.silu", sum);
}

/** Patches to tokens: `[batch, tokens, width]`. */
function patchEmbedding(g: GraphBuilder, dit: DitArchitecture, sample: Value): Value {
  const { channels, width, patch, tokens } = dit;
  const weight = g.weight("x_embedder.proj.weight", [width, channels, patch, patch], g.compute);
  const bias = g.weight("x_embedder.proj.bias", [width], g.compute);
  const patches = g.node("Conv", "x_embedder.proj", [g.as(sample, g.compute), weight, bias], {
    attributes: { kernel_shape: { ints: [patch, patch] }, strides: { ints: [patch, patch] } },
  });
  const flat = g.reshape("x_embedder.flat", patches, [0, width, tokens]);
  const rows = g.transpose("x_embedder.tokens", flat, [0, 2, 1]);
  const positions = g.weight("pos_embed", [1, tokens, width], "float32");
  return g.node("Add", "x_embedder", [g.as(rows, "float32"), positions]);
}

function block(
  g: GraphBuilder,
  dit: DitArchitecture,
  name: string,
  hidden: Value,
  condition: Value,
): Value {
  const parts = ["shift_msa", "scale_msa", "gate_msa", "shift_mlp", "scale_mlp", "gate_mlp"];
  const [shift1, scale1, gate1, shift2, scale2, gate2] = modulation(g, dit, name, condition, parts);
  const mixed = attention(
    g,
    dit,
    `${name}.attn`,
    modulatedNorm(g, dit, `${name}.norm1`, hidden, [shift1, scale1]),
  );
  const middle = gated(g, dit, `${name}.attn.residual`, hidden, gate1, mixed);
  const rows = modulatedNorm(g, dit, `${name}.norm2`, middle, [shift2, scale2]);
  const wide = linear(g, `${name}.mlp.fc1`, rows, [dit.width, dit.mlpWidth]);
  const active = geluTanh(g, `${name}.mlp.act`, wide);
  const narrow = linear(g, `${name}.mlp.fc2`, active, [dit.mlpWidth, dit.width]);
  return gated(g, dit, `${name}.mlp.residual`, middle, gate2, narrow);
}

/** The rows of adaLN, each `[batch, 1, width]` in float32. */
function modulation(
  g: GraphBuilder,
  { width }: DitArchitecture,
  name: string,
  condition: Value,
  parts: readonly string[],
): Value[] {
  const ada = `${name}.adaLN_modulation`;
  const all = linear(g, `${ada}.1`, condition, [width, parts.length * width]);
  const rows = g.reshape(`${ada}.rows`, g.as(all, "float32"), [-1, parts.length, width]);
  return g.split(ada, rows, 1, parts);
}

/** norm(x) · (1 + scale) + shift, flattened to rows of tokens. */
function modulatedNorm(
  g: GraphBuilder,
  { width }: DitArchitecture,
  name: string,
  x: Value,
  [shift, scale]: readonly [Value, Value],
): Value {
  const ones = g.numbers("norm.ones", new Array(width).fill(1), [width]);
  const normed = g.node("LayerNormalization", name, [x, ones], {
    attributes: { axis: { int: -1 }, epsilon: { float: NORM_EPSILON } },
  });
  const factor = g.node("Add", `${name}.factor`, [scale, g.numbers("norm.one", [1], [])]);
  const scaled = g.node("Mul", `${name}.scaled`, [normed, factor]);
  const shifted = g.node("Add", `${name}.shifted`, [scaled, shift]);
  return g.reshape(`${name}.rows`, shifted, [-1, width]);
}

/** x + gate · rows. */
function gated(
  g: GraphBuilder,
  { tokens, width }: DitArchitecture,
  name: string,
  x: Value,
  gate: Value,
  rows: Value,
): Value {
  const change = g.reshape(`${name}.tokens`, g.as(rows, "float32"), [-1, tokens, width]);
  return g.node("Add", name, [x, g.node("Mul", `${name}.gated`, [change, gate])]);
}

/** Self-attention over the tokens of a row of the batch; `[batch · tokens, width]` in and out. */
function attention(g: GraphBuilder, dit: DitArchitecture, name: string, rows: Value): Value {
  const { width, heads, tokens } = dit;
  const depth = width / heads;
  const qkv = linear(g, `${name}.qkv`, rows, [width, 3 * width]);
  const split = g.reshape(`${name}.heads`, qkv, [-1, tokens, 3, heads, depth]);
  const turned = g.transpose(`${name}.by_head`, split, [2, 0, 3, 1, 4]);
  const [q, k, v] = g.split(`${name}.split`, turned, 0, ["q", "k", "v"]).map((part) =>
    g.reshape(`${part.name}.rows`, part, [-1, heads, tokens, depth])
  );
  const back = headAttention(g, name, { q, k, v, depth });
  const flat = g.reshape(`${name}.flat`, back, [-1, width]);
  return linear(g, `${name}.proj`, flat, [width, width]);
}

/** Tokens back to an image, `[batch, outChannels, size, size]`. */
function finalLayer(
  g: GraphBuilder,
  dit: DitArchitecture,
  hidden: Value,
  condition: Value,
): Value {
  const { width, patch, outChannels, size } = dit;
  const side = size / patch;
  const name = "final_layer";
  const [shift, scale] = modulation(g, dit, name, condition, ["shift", "scale"]);
  const rows = modulatedNorm(g, dit, `${name}.norm_final`, hidden, [shift, scale]);
  const patches = linear(g, `${name}.linear`, rows, [width, patch * patch * outChannels]);
  const grid = g.reshape("unpatchify.grid", g.as(patches, "float32"), [
    -1,
    side,
    side,
    patch,
    patch,
    outChannels,
  ]);
  const planes = g.transpose("unpatchify.planes", grid, [0, 5, 1, 3, 2, 4]);
  return g.reshape("unpatchify", planes, [-1, outChannels, size, size]);
}
