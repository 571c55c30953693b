/** Layers that diffusion transformers and autoencoders have in common, in standard operators. @module */
import type { FloatType, GraphBuilder, Value } from "./graph_builder.ts";

/**
 * A linear layer on rows, `[rows, inputs]` to `[rows, outputs]`. Gemm takes PyTorch's `[outputs, inputs]` as it lies in the
 * checkpoint, so that no weight has to be turned.
 */
export function linear(
  g: GraphBuilder,
  name: string,
  x: Value,
  [inputs, outputs]: readonly [number, number],
  type: FloatType = g.compute,
): Value {
  const weight = g.weight(`${name}.weight`, [outputs, inputs], type);
  const bias = g.weight(`${name}.bias`, [outputs], type);
  return g.node("Gemm", name, [g.as(x, type), weight, bias], {
    attributes: { transB: { int: 1 } },
  });
}

/** x · sigmoid(x). */
export function silu(g: GraphBuilder, name: string, x: Value): Value {
  const gate = g.node("Sigmoid", `${name}.sigmoid`, [x]);
  return g.node("Mul", name, [x, gate]);
}

/** GELU by its tanh formula, in the shape that ONNX Runtime's optimiser takes for one operator (FastGelu). */
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

/** Softmax over the last axis, in float32. */
export function softmax(g: GraphBuilder, name: string, x: Value): Value {
  return g.node("Softmax", name, [g.as(x, "float32")], { attributes: { axis: { int: -1 } } });
}
