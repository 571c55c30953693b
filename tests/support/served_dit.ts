/** The tiny DiT behind a scripted server, evaluated by ONNX Runtime in this process. @module */
import { Environment } from "../../src/runtime/environment.ts";
import { InferenceSession } from "../../src/runtime/inference_session.ts";
import { Tensor } from "../../src/runtime/tensor.ts";
import type { TensorType } from "../../src/runtime/tensor_type.ts";
import { type OipServer, type ServedTensor, startOipServer } from "./oip_server.ts";

const TYPES: Readonly<Record<string, TensorType>> = { FP32: "float32", INT64: "int64" };

/** Options of {@link serveDit}. */
export interface ServedDitOptions {
  /**
   * Inputs of one number a row are `[batch, 1]`, as Triton's batching has them; true by default.
   */
  batched?: boolean;
  port?: number;
  key?: string;
  cert?: string;
}

/** Serves a network. */
export async function serveDit(
  network: Uint8Array | string,
  { batched = true, ...options }: ServedDitOptions = {},
): Promise<OipServer> {
  const environment = Environment.open();
  const session = await InferenceSession.create(environment, network, { intraOpNumThreads: 1 });
  const declare = (tensors: InferenceSession["inputs"]) =>
    tensors.map(({ name, type, shape }) => ({
      name,
      datatype: type === "int64" ? "INT64" : "FP32",
      shape: [
        ...shape.map((dim) => typeof dim === "number" ? dim : -1),
        ...(batched && shape.length === 1 ? [1] : []),
      ],
    }));
  const evaluate = async (inputs: readonly ServedTensor[]): Promise<ServedTensor[]> => {
    using stack = new DisposableStack();
    const feeds = inputs.map(({ name, datatype, shape, bytes }) => {
      const tensor = new Tensor(
        environment,
        TYPES[datatype],
        batched && shape.length === 2 ? [shape[0]] : shape,
      );
      new Uint8Array(tensor.data.buffer, tensor.data.byteOffset, bytes.length).set(bytes);
      return [name, stack.use(tensor)] as const;
    });
    const outputs = await session.run(Object.fromEntries(feeds));
    return Object.entries(outputs).map(([name, tensor]) => {
      stack.use(tensor);
      const { data, dims } = tensor;
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
      return { name, datatype: "FP32", shape: dims, bytes };
    });
  };
  const tensors = { inputs: declare(session.inputs), outputs: declare(session.outputs) };
  const server = await startOipServer({ ...tensors, evaluate }, options);
  return {
    ...server,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await session.close();
      environment.close();
    },
  };
}
