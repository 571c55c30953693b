/** Tiny models that several tests run. @module */
import { onnxModel, type ValueSpec } from "./onnx_builder.ts";

const f32 = (name: string, ...shape: (number | string)[]): ValueSpec => ({
  name,
  type: "float32",
  shape,
});

/** y = x + x over float32 [4]: the smallest model that runs. */
export function addModel(): Uint8Array<ArrayBuffer> {
  return onnxModel({
    inputs: [f32("x", 4)],
    outputs: [f32("y", 4)],
    nodes: [{ op: "Add", inputs: ["x", "x"], outputs: ["y"] }],
  });
}

/** y = x · scale over float32 [batch, 3] and a float32 scalar. */
export function scaleModel(): Uint8Array<ArrayBuffer> {
  return onnxModel({
    name: "scale",
    producer: "unit test",
    notes: { author: "nobody", "naïve": "ünïcode" },
    inputs: [f32("x", "batch", 3), f32("scale")],
    outputs: [f32("y", "batch", 3)],
    nodes: [{ op: "Mul", inputs: ["x", "scale"], outputs: ["y"] }],
  });
}

/** half = float16(x), back = float32(half) over [n]. */
export function castModel(): Uint8Array<ArrayBuffer> {
  return onnxModel({
    inputs: [f32("x", "n")],
    outputs: [{ name: "half", type: "float16", shape: ["n"] }, f32("back", "n")],
    nodes: [
      { op: "Cast", inputs: ["x"], outputs: ["half"], attributes: { to: { int: 10 } } },
      { op: "Cast", inputs: ["half"], outputs: ["back"], attributes: { to: { int: 1 } } },
    ],
  });
}

/**
 * y = x + steps, one step per iteration of a Loop. It runs as long as `steps` (int64 scalar) says,
 * and can be stopped between iterations.
 */
export function loopModel(): Uint8Array<ArrayBuffer> {
  const flag = (name: string): ValueSpec => ({ name, type: "bool", shape: [] });
  const constant = (name: string, values: ArrayBufferView<ArrayBuffer>) => ({
    name,
    type: values instanceof Float32Array ? "float32" as const : "bool" as const,
    dims: [],
    values,
  });
  return onnxModel({
    inputs: [f32("x", 4), { name: "steps", type: "int64", shape: [] }],
    outputs: [f32("y", 4)],
    initializers: [constant("true", Uint8Array.of(1)), constant("one", Float32Array.of(1))],
    nodes: [{
      op: "Loop",
      inputs: ["steps", "true", "x"],
      outputs: ["y"],
      attributes: {
        body: {
          graph: {
            inputs: [{ name: "i", type: "int64", shape: [] }, flag("go"), f32("before", 4)],
            outputs: [flag("goOn"), f32("after", 4)],
            nodes: [
              { op: "Identity", inputs: ["go"], outputs: ["goOn"] },
              { op: "Add", inputs: ["before", "one"], outputs: ["after"] },
            ],
          },
        },
      },
    }],
  });
}
