/** Layers that several networks share, in standard operators. @module */
import type { FloatType, GraphBuilder, Value } from "./graph_builder.ts";

/** Options of {@link linear}. */
export interface LinearOptions {
  /** Element type of the product. Default: the builder's. */
  type?: FloatType;
  /** Whether there is a bias; default true. */
  bias?: boolean;
  /** Shape of the weight in the checkpoint. Default `[outputs, inputs]`. */
  shape?: readonly number[];
}

/**
 * A linear layer on rows, `[rows, inputs]` to `[rows, outputs]`. Gemm takes PyTorch's `[outputs,
 * inputs]` as stored in the checkpoint, so that no weight is transposed.
 */
export function linear(
  g: GraphBuilder,
  name: string,
  x: Value,
  [inputs, outputs]: readonly [number, number],
  { type = g.compute, bias = true, shape = [outputs, inputs] }: LinearOptions = {},
): Value {
  const terms = [g.as(x, type), g.weight(`${name}.weight`, shape, type, [outputs, inputs])];
  if (bias) terms.push(g.weight(`${name}.bias`, [outputs], type));
  return g.node("Gemm", name, terms, { attributes: { transB: { int: 1 } } });
}

/** LayerNorm over the last axis, with scale and shift; in float32. */
export function layerNorm(
  g: GraphBuilder,
  name: string,
  x: Value,
  { width, epsilon }: { width: number; epsilon: number },
): Value {
  const weight = g.weight(`${name}.weight`, [width], "float32");
  const bias = g.weight(`${name}.bias`, [width], "float32");
  return g.node("LayerNormalization", name, [x, weight, bias], {
    attributes: { axis: { int: -1 }, epsilon: { float: epsilon } },
  });
}

/** x · sigmoid(x). */
export function silu(g: GraphBuilder, name: string, x: Value): Value {
  const gate = g.node("Sigmoid", `${name}.sigmoid`, [x]);
  return g.node("Mul", name, [x, gate]);
}

/**
 * GELU by its tanh formula, in the form that ONNX Runtime's optimiser fuses to FastGelu.
 */
export function geluTanh(g: GraphBuilder, name: string, x: Value): Value {
  const number = (label: string, value: number) => g.numbers(`gelu.${label}`, [value], [], x.type);
  const cube = g.node("Pow", `${name}.cube`, [x, number("three", 3)]);
  const small = g.node("Mul", `${name}.cube_scaled`, [cube, number("cubic", 0.044715)]);
  const sum = g.node("Add", `${name}.sum`, [x, small]);
  const scaled = g.node("Mul", `${name}.scaled`, [sum, number("root", Math.sqrt(2 / Math.PI))]);
  const tanh = g.node("Tanh", `${name}.tanh`, [scaled]);
  const shifted = g.node("Add", `${name}.shifted`, [tanh, number("one", 1)]);
  const half = g.node("Mul", `${name}.half`, [x, number("half", 0.5)]);
  return g.node("Mul", name, [half, shifted]);
}

/**
 * GELU by the error function, in the form that ONNX Runtime's optimiser fuses to Gelu.
 */
export function geluErf(g: GraphBuilder, name: string, x: Value): Value {
  const number = (label: string, value: number) => g.numbers(`gelu.${label}`, [value], [], x.type);
  const scaled = g.node("Div", `${name}.scaled`, [x, number("root_two", Math.SQRT2)]);
  const erf = g.node("Erf", `${name}.erf`, [scaled]);
  const shifted = g.node("Add", `${name}.shifted`, [erf, number("one", 1)]);
  const product = g.node("Mul", `${name}.product`, [x, shifted]);
  return g.node("Mul", name, [product, number("half", 0.5)]);
}

/** x · sigmoid(1.702 x), CLIP's approximation of GELU. */
export function quickGelu(g: GraphBuilder, name: string, x: Value): Value {
  const slope = g.numbers("quick_gelu.slope", [1.702], [], x.type);
  const scaled = g.node("Mul", `${name}.scaled`, [x, slope]);
  const gate = g.node("Sigmoid", `${name}.sigmoid`, [scaled]);
  return g.node("Mul", name, [x, gate]);
}

/** Softmax over the last axis, in float32. */
export function softmax(g: GraphBuilder, name: string, x: Value): Value {
  return g.node("Softmax", name, [g.as(x, "float32")], { attributes: { axis: { int: -1 } } });
}
