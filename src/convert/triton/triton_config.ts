/**
 * `config.pbtxt` of a network for Triton's ONNX Runtime backend
 * (github.com/triton-inference-server/server/blob/main/docs/user_guide/model_configuration.md).
 * @module
 */
import type { TritonTensor } from "./triton_tensors.ts";

/** A model to configure. */
export interface TritonModel {
  inputs: readonly TritonTensor[];
  outputs: readonly TritonTensor[];
  /** Whether Triton may join calls: every input has a row for each of the batch. */
  batched: boolean;
  /** Hash of the network and its external data. */
  sha256: string;
}

/** Rows of a call at most: a window of 100 steps takes 200. A longer call is halved. */
const MAX_ROWS = 256;
/** Length of the queue; parataa retries if it is full. */
const MAX_WAITING = 64;

/** Text of the file. */
export function tritonConfig({ inputs, outputs, batched, sha256 }: TritonModel): string {
  const list = (name: string, tensors: readonly TritonTensor[]) =>
    `${name} [\n${tensors.map((tensor) => `  ${declare(tensor, batched)}`).join(",\n")}\n]`;
  const batching = batched
    ? [
      "# Calls of several clients are joined; without this part each runs alone.",
      "dynamic_batching {",
      `  default_queue_policy { max_queue_size: ${MAX_WAITING} timeout_action: REJECT }`,
      "}",
    ]
    : [];
  return [
    "# Made by `convert triton`. Without instance_group Triton uses every GPU, else the CPU.",
    'backend: "onnxruntime"',
    `max_batch_size: ${batched ? MAX_ROWS : 0}`,
    list("input", inputs),
    list("output", outputs),
    ...batching,
    `parameters { key: "sha256" value: { string_value: "${sha256}" } }`,
    "",
  ].join("\n");
}

/** With batching the batch is not declared, and one number a row needs a dimension. */
function declare({ name, dataType, dims }: TritonTensor, batched: boolean): string {
  const rest = batched ? dims.slice(1) : dims;
  const shape = rest.length > 0
    ? `dims: [ ${rest.join(", ")} ]`
    : "dims: [ 1 ] reshape: { shape: [ ] }";
  return `{ name: ${JSON.stringify(name)} data_type: ${dataType} ${shape} }`;
}
