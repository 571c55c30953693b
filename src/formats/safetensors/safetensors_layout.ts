/**
 * Computes the layout of a safetensors file before its tensors are available, for files written
 * tensor by tensor.
 * @module
 */
import { ARRAY_TYPES, type SafetensorsDtype } from "../element_types.ts";
import { LENGTH_FIELD, type SafetensorsEntry } from "./safetensors_header.ts";
import { byteLengthOf } from "../shape.ts";
import { shown } from "../../text.ts";

/** Header of a file and the positions of its tensors. */
export interface SafetensorsLayout {
  /** All bytes before the first tensor. */
  header: Uint8Array<ArrayBuffer>;
  /** Position of every tensor. */
  entries: Map<string, SafetensorsEntry>;
  /** Bytes of the whole file. */
  size: number;
}

/**
 * Lays out tensors one after another, in the given order.
 *
 * @param alignment offset of the first tensor is a multiple of this, itself a multiple of 8; the
 * header is padded with spaces
 * @throws {TypeError} if a name cannot be written
 * @throws {RangeError} if a shape is invalid
 */
export function layoutSafetensors(
  tensors: Iterable<readonly [string, { dtype: SafetensorsDtype; shape: readonly number[] }]>,
  metadata: ReadonlyMap<string, string> = new Map(),
  { alignment = 8 }: { alignment?: number } = {},
): SafetensorsLayout {
  const parts: string[] = [];
  if (metadata.size > 0) parts.push(`"__metadata__":${metadataJson(metadata)}`);
  const relative: [string, SafetensorsEntry][] = [];
  let end = 0;
  for (const [name, { dtype, shape }] of tensors) {
    const offset = end;
    const length = checkedLength(name, dtype, shape);
    end += length;
    relative.push([name, { dtype, shape, offset, length }]);
    parts.push(
      `${jsonKey(name)}:{"dtype":"${dtype}","shape":[${shape}],"data_offsets":[${offset},${end}]}`,
    );
  }
  const json = new TextEncoder().encode(`{${parts.join(",")}}`);
  const start = Math.ceil((LENGTH_FIELD + json.length) / alignment) * alignment;
  const header = new Uint8Array(start).fill(0x20, LENGTH_FIELD);
  new DataView(header.buffer).setBigUint64(0, BigInt(start - LENGTH_FIELD), true);
  header.set(json, LENGTH_FIELD);
  const entries = new Map(relative.map(([name, entry]) => [
    name,
    { ...entry, offset: start + entry.offset },
  ]));
  return { header, entries, size: start + end };
}

function checkedLength(name: string, dtype: SafetensorsDtype, shape: readonly number[]): number {
  if (name === "__metadata__") throw new TypeError(`cannot write tensor "__metadata__": reserved`);
  const length = shape.every((size) => Number.isSafeInteger(size) && size >= 0)
    ? byteLengthOf(shape, ARRAY_TYPES[dtype].BYTES_PER_ELEMENT)
    : undefined;
  if (length !== undefined) return length;
  throw new RangeError(`cannot write tensor ${shown(name)}: shape [${shape}]`);
}

function metadataJson(metadata: ReadonlyMap<string, string>): string {
  const sorted = [...metadata].sort(([a], [b]) => byUtf8(a, b));
  return `{${sorted.map(([key, text]) => `${jsonKey(key)}:${jsonString(text)}`).join(",")}}`;
}

function jsonKey(key: string): string {
  if (key === "__proto__") {
    throw new TypeError("cannot write the name __proto__: readers refuse it");
  }
  return jsonString(key);
}

function jsonString(text: string): string {
  if (!text.isWellFormed()) throw new TypeError(`cannot write ${shown(text)}: not Unicode text`);
  return JSON.stringify(text);
}

/**
 * Compares by UTF-8 bytes, which is the order of code points. `<` on strings compares UTF-16 units,
 * whose order differs.
 */
export function byUtf8(a: string, b: string): number {
  const left = new TextEncoder().encode(a);
  const right = new TextEncoder().encode(b);
  const differs = left.findIndex((byte, i) => byte !== right[i]);
  if (differs < 0) return left.length - right.length;
  return left[differs] - (right[differs] ?? -1);
}
