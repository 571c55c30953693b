/**
 * Layers on images in standard operators, with diffusers' names; values are `[batch, channels,
 * height, width]`.
 * @module
 */
import type { GraphBuilder, Value } from "./graph_builder.ts";
import { linear, silu } from "./layers.ts";

/** How a convolution moves over its input. */
export interface ConvOptions {
  /** Height and width of the kernel. Default 3. */
  kernel?: number;
  /** 2 halves the image. */
  stride?: 1 | 2;
  /**
   * Rows and columns of zeros. Default: equal on all sides, so that stride 1 keeps the size.
   */
  pads?: readonly [top: number, left: number, bottom: number, right: number];
}

/** A convolution that keeps or halves the size. */
export function conv(
  g: GraphBuilder,
  name: string,
  x: Value,
  [inputs, outputs]: readonly [number, number],
  { kernel = 3, stride = 1, pads }: ConvOptions = {},
): Value {
  const weight = g.weight(`${name}.weight`, [outputs, inputs, kernel, kernel], g.compute);
  const bias = g.weight(`${name}.bias`, [outputs], g.compute);
  const edge = (kernel - 1) / 2;
  const out = g.node("Conv", name, [g.as(x, g.compute), weight, bias], {
    attributes: {
      kernel_shape: { ints: [kernel, kernel] },
      pads: { ints: pads ?? [edge, edge, edge, edge] },
      strides: { ints: [stride, stride] },
    },
  });
  return g.as(out, "float32");
}

/** Settings that all GroupNorms of a network share. */
export interface GroupNormOptions {
  groups: number;
  epsilon: number;
}

/** GroupNorm: InstanceNormalization of the groups, then each channel's own scale and shift. */
export function groupNorm(
  g: GraphBuilder,
  name: string,
  x: Value,
  channels: number,
  { groups, epsilon }: GroupNormOptions,
): Value {
  const grouped = g.reshape(`${name}.groups`, x, [0, groups, -1]);
  const ones = g.numbers(`norm.ones.${groups}`, new Array(groups).fill(1), [groups]);
  const zeros = g.numbers(`norm.zeros.${groups}`, new Array(groups).fill(0), [groups]);
  const normed = g.node("InstanceNormalization", `${name}.normed`, [grouped, ones, zeros], {
    attributes: { epsilon: { float: epsilon } },
  });
  const back = likeShape(g, `${name}.channels`, normed, x);
  const weight = g.weight(`${name}.weight`, [channels], "float32", [channels, 1, 1]);
  const bias = g.weight(`${name}.bias`, [channels], "float32", [channels, 1, 1]);
  const scaled = g.node("Mul", `${name}.scaled`, [back, weight]);
  return g.node("Add", name, [scaled, bias]);
}

/** A value in the shape of another one, whose sizes are known at run time only. */
export function likeShape(g: GraphBuilder, name: string, value: Value, like: Value): Value {
  g.rawNode("Shape", `${name}.shape`, [like.name], [`${name}.shape`]);
  return g.node("Reshape", name, [value], { constants: [`${name}.shape`] });
}

/** Options of {@link resnet}. */
export interface ResnetOptions {
  norm: GroupNormOptions;
  /** SiLU of the timestep's embedding, `[batch, width]`, if the network has timesteps. */
  time?: { value: Value; width: number };
}

/** ResnetBlock2D. */
export function resnet(
  g: GraphBuilder,
  name: string,
  x: Value,
  [inputs, outputs]: readonly [number, number],
  { norm, time }: ResnetOptions,
): Value {
  const first = silu(g, `${name}.act1`, groupNorm(g, `${name}.norm1`, x, inputs, norm));
  let middle = conv(g, `${name}.conv1`, first, [inputs, outputs]);
  if (time) {
    const shift = linear(g, `${name}.time_emb_proj`, time.value, [time.width, outputs]);
    const planes = g.reshape(`${name}.time`, g.as(shift, "float32"), [-1, outputs, 1, 1]);
    middle = g.node("Add", `${name}.conv1_time`, [middle, planes]);
  }
  const second = silu(g, `${name}.act2`, groupNorm(g, `${name}.norm2`, middle, outputs, norm));
  const change = conv(g, `${name}.conv2`, second, [outputs, outputs]);
  const kept = inputs === outputs
    ? x
    : conv(g, `${name}.conv_shortcut`, x, [inputs, outputs], { kernel: 1 });
  return g.node("Add", name, [kept, change]);
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
