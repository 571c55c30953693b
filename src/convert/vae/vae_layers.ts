/** Blocks of diffusers' AutoencoderKL in standard operators; values are `[batch, channels, height, width]`. @module */
import type { GraphBuilder, Value } from "../graph_builder.ts";
import { silu, softmax } from "../layers.ts";

const NORM_EPSILON = 1e-6;

/** How a convolution moves over its input. */
export interface ConvOptions {
  /** Height and width of the kernel; 3 unless given. */
  kernel?: number;
  /** 2 halves the image, with a row and a column of zeros at the far ends, as diffusers pads it. */
  stride?: 1 | 2;
}

/** A convolution that keeps or halves the size. */
export function conv(
  g: GraphBuilder,
  name: string,
  x: Value,
  [inputs, outputs]: readonly [number, number],
  { kernel = 3, stride = 1 }: ConvOptions = {},
): Value {
  const weight = g.weight(`${name}.weight`, [outputs, inputs, kernel, kernel], g.compute);
  const bias = g.weight(`${name}.bias`, [outputs], g.compute);
  const edge = (kernel - 1) / 2;
  const pads = stride === 2 ? [0, 0, 1, 1] : [edge, edge, edge, edge];
  const out = g.node("Conv", name, [g.as(x, g.compute), weight, bias], {
    attributes: {
      kernel_shape: { ints: [kernel, kernel] },
      pads: { ints: pads },
      strides: { ints: [stride, stride] },
    },
  });
  return g.as(out, "float32");
}

/** GroupNorm: InstanceNormalization of the groups, then each channel's own scale and shift. */
export function groupNorm(
  g: GraphBuilder,
  name: string,
  x: Value,
  [channels, groups]: readonly [number, number],
): Value {
  const grouped = g.reshape(`${name}.groups`, x, [0, groups, -1]);
  const ones = g.numbers(`norm.ones.${groups}`, new Array(groups).fill(1), [groups]);
  const zeros = g.numbers(`norm.zeros.${groups}`, new Array(groups).fill(0), [groups]);
  const normed = g.node("InstanceNormalization", `${name}.normed`, [grouped, ones, zeros], {
    attributes: { epsilon: { float: NORM_EPSILON } },
  });
  const back = likeShape(g, `${name}.channels`, normed, x);
  const weight = g.weight(`${name}.weight`, [channels], "float32", [channels, 1, 1]);
  const bias = g.weight(`${name}.bias`, [channels], "float32", [channels, 1, 1]);
  const scaled = g.node("Mul", `${name}.scaled`, [back, weight]);
  return g.node("Add", name, [scaled, bias]);
}

/** A value in the shape of another, which the graph does not know beforehand. */
function likeShape(g: GraphBuilder, name: string, value: Value, like: Value): Value {
  g.rawNode("Shape", `${name}.shape`, [like.name], [`${name}.shape`]);
  return g.node("Reshape", name, [value], { constants: [`${name}.shape`] });
}

/** ResnetBlock2D without a timestep. */
export function resnet(
  g: GraphBuilder,
  name: string,
  x: Value,
  [inputs, outputs, groups]: readonly [number, number, number],
): Value {
  const first = silu(
    g,
    `${name}.act1`,
    groupNorm(g, `${name}.norm1`, x, [inputs, groups]),
  );
  const middle = conv(g, `${name}.conv1`, first, [inputs, outputs]);
  const second = silu(g, `${name}.act2`, groupNorm(g, `${name}.norm2`, middle, [outputs, groups]));
  const change = conv(g, `${name}.conv2`, second, [outputs, outputs]);
  const kept = inputs === outputs
    ? x
    : conv(g, `${name}.conv_shortcut`, x, [inputs, outputs], { kernel: 1 });
  return g.node("Add", name, [kept, change]);
}

/** Attention of one head over all pixels. Channels stay first, so that no weight has to be turned: linear layers are convolutions of 1×1. */
export function pixelAttention(
  g: GraphBuilder,
  name: string,
  x: Value,
  [channels, groups]: readonly [number, number],
): Value {
  const normed = g.as(groupNorm(g, `${name}.group_norm`, x, [channels, groups]), g.compute);
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

/** Doubles height and width by repeating pixels. */
export function upsample(g: GraphBuilder, name: string, x: Value): Value {
  const scales = g.numbers("upsample.scales", [1, 1, 2, 2], [4]);
  return g.node("Resize", name, [x], {
    constants: ["", scales.name],
    attributes: {
      mode: { string: "nearest" },
      coordinate_transformation_mode: { string: "asymmetric" },
      nearest_mode: { string: "floor" },
    },
  });
}
