/** Checkpoints of tests/fixtures/convert, converted and run. @module */
import { join } from "node:path";
import type { ConvertedNetwork } from "../../src/convert/network.ts";
import {
  readSafetensors,
  SafetensorsFile,
  type SafetensorsTensor,
  writeSafetensors,
} from "../../src/formats/safetensors/safetensors.ts";
import { Environment } from "../../src/runtime/environment.ts";
import { InferenceSession } from "../../src/runtime/inference_session.ts";
import type { TensorMetadata } from "../../src/runtime/model_metadata.ts";
import { Tensor } from "../../src/runtime/tensor.ts";
import { withTempFolder } from "../support/temp_folder.ts";

/** Tensors by name. */
export type Tensors = Map<string, SafetensorsTensor>;

/** The file's tensors, and its `case.*` without that prefix. */
export function readFixture(name: string): { tensors: Tensors; example: Tensors } {
  const path = join("tests/fixtures/convert", `${name}.safetensors`);
  const tensors: Tensors = new Map();
  const example: Tensors = new Map();
  for (const [key, tensor] of readSafetensors(Deno.readFileSync(path)).tensors) {
    if (key.startsWith("case.")) example.set(key.slice(5), tensor);
    else tensors.set(key, tensor);
  }
  return { tensors, example };
}

/** Tensors as an open file. */
export function asFile(tensors: Tensors): Promise<SafetensorsFile> {
  const bytes = writeSafetensors(tensors);
  return SafetensorsFile.open({
    size: bytes.length,
    read: (offset, length) => Promise.resolve(bytes.slice(offset, offset + length)),
  });
}

/** All bytes of the weights file. */
export async function weightsOf(network: ConvertedNetwork): Promise<Uint8Array> {
  const whole = new Uint8Array(network.weightsSize);
  let at = 0;
  for await (const piece of network.weights()) {
    whole.set(piece, at);
    at += piece.length;
  }
  if (at !== whole.length) throw new Error(`${at} bytes of ${whole.length}`);
  return whole;
}

/** Name of the weights file of networks that {@link runNetwork} runs. */
export const WEIGHTS_FILE = "model.safetensors";

/** First output of a network on inputs of float32 and int64. */
export async function runNetwork(
  network: ConvertedNetwork,
  inputs: Tensors,
): Promise<Float32Array> {
  return [...(await runOutputs(network, inputs)).values()][0];
}

/** All outputs of a network by name. */
export function runOutputs(
  network: ConvertedNetwork,
  inputs: Tensors,
): Promise<Map<string, Float32Array>> {
  return withTempFolder(async (folder) => {
    await Deno.writeFile(join(folder, "model.onnx"), network.model);
    await Deno.writeFile(join(folder, WEIGHTS_FILE), await weightsOf(network));
    using environment = Environment.open();
    await using session = await InferenceSession.create(environment, join(folder, "model.onnx"));
    const feeds: Record<string, Tensor> = {};
    for (const input of session.inputs) {
      feeds[input.name] = inputTensor(environment, input, inputs);
    }
    const outputs = await session.run(feeds);
    const values = new Map(
      Object.entries(outputs).map(([name, { data }]) =>
        [name, Float32Array.from(data as Float32Array)] as const
      ),
    );
    for (const tensor of [...Object.values(feeds), ...Object.values(outputs)]) tensor.close();
    return values;
  });
}

/**
 * An input of float32 or int64 from a fixture, whose whole numbers may be floats in the network.
 */
export function inputTensor(
  environment: Environment,
  { name, type }: TensorMetadata,
  inputs: Tensors,
): Tensor {
  const { shape, data } = inputs.get(name)!;
  if (type === "int64") {
    return new Tensor(environment, type, shape, (data as BigInt64Array).slice());
  }
  const floats = Float32Array.from(data as ArrayLike<number | bigint>, Number);
  return new Tensor(environment, "float32", shape, floats);
}

/** max|a − b| / max|b|. */
export function relativeError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let apart = 0;
  let largest = 0;
  for (let i = 0; i < b.length; i++) {
    apart = Math.max(apart, Math.abs(a[i] - b[i]));
    largest = Math.max(largest, Math.abs(b[i]));
  }
  return a.length === b.length ? apart / largest : Infinity;
}
