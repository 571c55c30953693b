/**
 * Converts rows of a {@link RowMemory} to request tensors, and response tensors to rows.
 * @module
 */
import { Buffer } from "node:buffer";
import { rowLength, type RowMemory, type RowTensor } from "../rows/row_memory.ts";
import type { RowCall } from "../rows/row_plans.ts";
import { TENSOR_ARRAYS, type TensorData } from "../../runtime/tensor_type.ts";
import { ProtocolError } from "./grpc_status.ts";
import type { OipData } from "./oip_messages.ts";
import { datatypeOf, type ServedTensors } from "./served_tensors.ts";

/** Request tensors of a call: views of the memory unless rows are padded or indexed. */
export function requestOf(memory: RowMemory, call: RowCall, served: ServedTensors): OipData[] {
  return memory.layout.inputs.flatMap((tensor, i) => {
    const rows = Math.max(call.count, call.padded);
    const bytes = padded(rowBytes(memory.inputs[i], tensor, call), call.count, rows);
    const datatype = datatypeOf(tensor.type), { rowDims } = tensor;
    const shared = served.shared.get(tensor.name);
    if (!shared) {
      const shape = [rows, ...rowDims, ...(served.columns.has(tensor.name) ? [1] : [])];
      return [{ name: tensor.name, datatype, shape, bytes }];
    }
    const { unique, index } = uniqueRows(bytes, rows);
    const shape = [unique.length, ...rowDims];
    return [
      { name: shared.unique, datatype, shape, bytes: join(unique) },
      { name: shared.index, datatype: "INT64", shape: [rows], bytes: new Uint8Array(index.buffer) },
    ];
  });
}

/** Largest size of a response in bytes, names and shapes of the tensors included. */
export function maxAnswerBytes({ layout }: RowMemory, { count, padded }: RowCall): number {
  const rows = Math.max(count, padded);
  const sizes = layout.outputs.map((tensor) => rows * bytesPerRow(tensor));
  return sizes.reduce((sum, size) => sum + size, 2 ** 16);
}

/**
 * Validates a response and copies it into the rows of the call.
 *
 * @throws {ProtocolError} naming the received and the requested tensor
 */
export function writeAnswer(
  outputs: readonly OipData[],
  memory: RowMemory,
  call: RowCall,
): void {
  const rows = Math.max(call.count, call.padded);
  const found = memory.layout.outputs.map((tensor) => {
    const output = outputs.find(({ name }) => name === tensor.name);
    const fits = output?.datatype === datatypeOf(tensor.type) &&
      String(output.shape) === String([rows, ...tensor.rowDims]) &&
      output.bytes.length === rows * bytesPerRow(tensor);
    if (fits) return output.bytes;
    throw new ProtocolError(
      `${tensor.name} is ${describe(output)}, asked for were ` +
        `${datatypeOf(tensor.type)} [${[rows, ...tensor.rowDims]}]`,
    );
  });
  memory.layout.outputs.forEach((tensor, i) => {
    const rows = rowBytes(memory.outputs[i], tensor, call);
    rows.set(found[i].subarray(0, rows.length));
  });
}

function describe(output: OipData | undefined): string {
  if (!output) return "missing from the answer";
  return `${output.datatype} [${output.shape}] in ${output.bytes.length} bytes`;
}

function bytesPerRow(tensor: RowTensor): number {
  return rowLength(tensor) * TENSOR_ARRAYS[tensor.type].BYTES_PER_ELEMENT;
}

function rowBytes(data: TensorData, tensor: RowTensor, { start, count }: RowCall): Uint8Array {
  const row = bytesPerRow(tensor);
  return new Uint8Array(data.buffer, data.byteOffset + start * row, count * row);
}

/** Pads with copies of the first row, which is valid input. */
function padded(bytes: Uint8Array, count: number, rows: number): Uint8Array {
  if (rows === count) return bytes;
  const row = bytes.length / count, all = new Uint8Array(rows * row);
  all.set(bytes);
  for (let i = count; i < rows; i++) all.copyWithin(i * row, 0, row);
  return all;
}

/** The distinct rows, and the index of each row among them. */
function uniqueRows(
  bytes: Uint8Array,
  rows: number,
): { unique: Uint8Array[]; index: BigInt64Array<ArrayBuffer> } {
  const size = bytes.length / rows, unique: Uint8Array[] = [];
  const index = BigInt64Array.from({ length: rows }, (_, i) => {
    const row = bytes.subarray(i * size, (i + 1) * size);
    const known = unique.findIndex((other) => Buffer.compare(other, row) === 0);
    return BigInt(known >= 0 ? known : unique.push(row) - 1);
  });
  return { unique, index };
}

function join(rows: readonly Uint8Array[]): Uint8Array {
  return rows.length === 1 ? rows[0] : Buffer.concat(rows);
}
