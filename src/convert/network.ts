/** A network converted from a checkpoint: its graph and its weights file. @module */
import { type OnnxTensorSpec, writeOnnx } from "../formats/onnx/onnx_write.ts";
import type { TensorFile } from "../formats/tensor_file.ts";
import type { FloatType, GraphBuilder } from "./layers/graph_builder.ts";
import type { WeightStorage } from "./weight_storage.ts";
import { layoutWeights, type PieceOptions, weightBytes } from "./weights_file.ts";

/** The first opset with LayerNormalization; ONNX Runtime reads it since 1.13. */
const OPSET = 17;

/** How a network is computed and stored. */
export interface NetworkOptions {
  /**
   * Element type of matrix products and convolutions; norms, softmax and timesteps stay float32.
   * Default float32.
   */
  compute?: FloatType;
  /** `fp16` stores large weights as fp16 and computes with them in float32. Default fp32. */
  storage?: WeightStorage;
  /** Name of the weights file, beside the model. */
  weightsFile: string;
}

/** Files of a converted network. */
export interface ConvertedNetwork {
  /** The `.onnx` file. */
  model: Uint8Array;
  /** Pieces of the weights file. Each call reads the checkpoint again. */
  weights(options?: PieceOptions): AsyncGenerator<Uint8Array>;
  /** Size of the weights file in bytes. */
  weightsSize: number;
  /** Number of elements of all weights. */
  parameters: number;
}

/**
 * Writes the graph and computes the layout of the weights file.
 *
 * @param weightsFile name of the weights file, beside the model
 */
export function convertNetwork(
  g: GraphBuilder,
  checkpoint: TensorFile,
  { name, weightsFile }: { name: string; weightsFile: string },
): ConvertedNetwork {
  const layout = layoutWeights(g.weights.values());
  let parameters = 0;
  const external = [...g.weights.values()].map(({ name, initializer, dims, stored }) => {
    const { offset, length } = layout.entries.get(name)!;
    const type = stored === "F32" ? "float32" : "float16";
    parameters += length / (stored === "F32" ? 4 : 2);
    const data = { location: weightsFile, offset, length };
    return { name: initializer, type, dims, data } satisfies OnnxTensorSpec;
  });
  const model = writeOnnx({
    producer: "parataa",
    opset: OPSET,
    name,
    inputs: g.inputs,
    outputs: g.outputs,
    nodes: g.nodes,
    initializers: [...external, ...g.constants.values()],
  });
  const weights = (options?: PieceOptions) => weightBytes(checkpoint, layout, options);
  return { model, weights, weightsSize: layout.size, parameters };
}
