/** Reads small integer constants of an ONNX graph: axes and shapes. @module */

import type { OnnxGraph, OnnxTensor } from "../../formats/onnx/onnx_types.ts";
import { MAX_RANK } from "../../formats/shape.ts";

const INT64 = 7;
/** Most numbers that are read; longer constants are not axes or shapes. */
const MOST = MAX_RANK + 1;

/**
 * Returns the integers of a constant: an initializer or the output of a Constant node.
 *
 * @returns `undefined` if the value is computed, not int64, or stored in another file
 */
export function constantIntegers(
  bytes: Uint8Array,
  graph: OnnxGraph,
  name: string | undefined,
): number[] | undefined {
  if (!name) return undefined;
  const initializer = graph.initializers.find((tensor) => tensor.name === name);
  if (initializer) return tensorIntegers(bytes, initializer);
  const node = graph.nodes.find(({ outputs }) => outputs.includes(name));
  if (node?.opType !== "Constant") return undefined;
  const attribute = node.attributes[0];
  if (attribute?.name === "value_ints") return attribute.ints;
  const tensor = attribute?.tensors[0];
  return tensor && tensorIntegers(bytes, tensor);
}

function tensorIntegers(bytes: Uint8Array, tensor: OnnxTensor): number[] | undefined {
  if (tensor.elemType !== INT64 || tensor.external) return undefined;
  if (!tensor.raw) return tensor.int64Data;
  const { start, end } = tensor.raw;
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, (end - start) & ~7);
  return Array.from(
    { length: Math.min(view.byteLength / 8, MOST) },
    (_, i) => Number(view.getBigInt64(8 * i, true)),
  );
}
