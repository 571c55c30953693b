/**
 * Reads and writes safetensors files: latents and trajectories of runs, and checkpoints of users.
 * @module
 */
import { type ByteSource, readExactly } from "../byte_source.ts";
import { ARRAY_TYPES, type SafetensorsDtype, viewAs } from "../element_types.ts";
import { refuseForeign } from "../foreign_file.ts";
import {
  headerLength,
  LENGTH_FIELD,
  parseHeader,
  type SafetensorsEntry,
  type SafetensorsHeader,
} from "./safetensors_header.ts";
import { byUtf8, layoutSafetensors } from "./safetensors_layout.ts";
import type { SafetensorsTensor } from "./safetensors_tensor.ts";
import { byteLengthOf } from "../shape.ts";
import { shown } from "../../text.ts";
import {
  checkRange,
  entryOf,
  isReadable,
  readableEntry,
  type TensorFile,
  type TensorRange,
} from "../tensor_file.ts";

export type { SafetensorsTensor } from "./safetensors_tensor.ts";

/** What {@link readSafetensors} returns. */
export interface Safetensors {
  /** Tensors by name, in the order of their data, without those of a type that is only listed. */
  readonly tensors: Map<string, SafetensorsTensor>;
  /** Free text in the file's header, by key. */
  readonly metadata: Map<string, string>;
}

/**
 * Reads a safetensors file that is in memory.
 *
 * @param bytes the whole file; the result has views of aligned tensors and copies of others
 * @param options `file` is the name in messages
 * @throws {FormatError} if the header violates the format anywhere
 *
 * @example
 * ```ts
 * import { readSafetensors, writeSafetensors } from "@parataa/parataa";
 * import assert from "node:assert/strict";
 * const latents = { dtype: "F32", shape: [1, 2], data: Float32Array.of(0.5, -1) } as const;
 * const bytes = writeSafetensors(new Map([["latents", latents]]), new Map([["seed", "0"]]));
 * const { tensors, metadata } = readSafetensors(bytes, { file: "latents.safetensors" });
 * assert.deepEqual(tensors.get("latents"), latents);
 * assert.equal(metadata.get("seed"), "0");
 * ```
 */
export function readSafetensors(bytes: Uint8Array, options: { file?: string } = {}): Safetensors {
  const file = options.file ?? "safetensors data";
  refuseForeign(bytes, { file, wanted: "a safetensors file", own: ["safetensors"] });
  const jsonEnd = LENGTH_FIELD + headerLength(bytes, bytes.length, file);
  const header = parseHeader(bytes.subarray(LENGTH_FIELD, jsonEnd), bytes.length, file);
  const tensors = new Map<string, SafetensorsTensor>();
  for (const [name, entry] of header.entries) {
    if (!isReadable(entry)) continue;
    tensors.set(name, toTensor(entry, bytes.subarray(entry.offset, entry.offset + entry.length)));
  }
  return { tensors, metadata: new Map(header.metadata) };
}

/** Converts bytes to the tensor that an entry describes. */
export function toTensor(
  { dtype, shape }: { readonly dtype: SafetensorsDtype; readonly shape: readonly number[] },
  bytes: Uint8Array,
): SafetensorsTensor {
  // TypeScript cannot infer that the array type was looked up by the same dtype.
  return { dtype, shape, data: viewAs<unknown>(ARRAY_TYPES[dtype], bytes) } as SafetensorsTensor;
}

/**
 * A safetensors file too large to hold in memory. The header is read and validated on opening,
 * tensors are read one by one.
 */
export class SafetensorsFile implements SafetensorsHeader, TensorFile {
  /** Type, shape and position of every tensor, in the order of the data. */
  readonly entries: ReadonlyMap<string, SafetensorsEntry>;
  /** Free text in the file's header, by key. */
  readonly metadata: ReadonlyMap<string, string>;
  readonly #source: ByteSource;
  readonly #file: string;

  private constructor(header: SafetensorsHeader, source: ByteSource, file: string) {
    this.entries = header.entries;
    this.metadata = header.metadata;
    this.#source = source;
    this.#file = file;
  }

  /**
   * Reads and checks the header.
   *
   * @param source the bytes; {@link SafetensorsFile.read} uses it later
   * @throws {FormatError} as {@link readSafetensors}
   */
  static async open(source: ByteSource, options: { file?: string } = {}): Promise<SafetensorsFile> {
    const file = options.file ?? "safetensors data";
    const prefixLength = Math.min(LENGTH_FIELD, source.size);
    const prefix = await readExactly(source, { offset: 0, length: prefixLength }, file);
    const length = headerLength(prefix, source.size, file);
    const json = await readExactly(source, { offset: LENGTH_FIELD, length }, file);
    return new SafetensorsFile(parseHeader(json, source.size, file), source, file);
  }

  /**
   * Reads one tensor.
   *
   * @throws {FormatError} if there is no tensor of that name, its element type is only listed, or
   * the file has shrunk
   */
  async read(name: string): Promise<SafetensorsTensor> {
    const entry = readableEntry(this.entries, name, this.#file);
    return toTensor(entry, await readExactly(this.#source, entry, this.#file));
  }

  /**
   * Reads a part of one tensor: its elements in C order, little-endian.
   *
   * @throws {FormatError} as {@link SafetensorsFile.read}
   * @throws {RangeError} if the range is not within the tensor
   */
  async readBytes(name: string, range: TensorRange): Promise<Uint8Array> {
    const entry = entryOf(this.entries, name, this.#file);
    checkRange(entry, range);
    const { offset, length } = range;
    return await readExactly(this.#source, { offset: entry.offset + offset, length }, this.#file);
  }
}

/**
 * Serialises tensors to a safetensors file. The same content gives the same bytes, whatever the
 * order of the maps. The layout is the reference implementation's: wider types first, then by name;
 * the header is padded with spaces to a multiple of 8 bytes.
 *
 * @param tensors tensors by name
 * @param metadata free text by key
 * @throws {TypeError} if a name or a type cannot be written
 * @throws {RangeError} if data and shape disagree
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, SafetensorsTensor>,
  metadata: ReadonlyMap<string, string> = new Map(),
): Uint8Array<ArrayBuffer> {
  const ranks = Object.keys(ARRAY_TYPES);
  const ordered = [...tensors].sort(([a, x], [b, y]) =>
    ranks.indexOf(y.dtype) - ranks.indexOf(x.dtype) || byUtf8(a, b)
  );
  for (const [name, tensor] of ordered) checkLength(name, tensor);
  const { header, size } = layoutSafetensors(ordered, metadata);
  const bytes = new Uint8Array(size);
  bytes.set(header);
  let at = header.length;
  for (const [, { data }] of ordered) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

function checkLength(name: string, { dtype, shape, data }: SafetensorsTensor): void {
  if (data.constructor !== ARRAY_TYPES[dtype]) {
    throw new TypeError(`cannot write tensor ${shown(name)}: ${dtype} data in another array type`);
  }
  const needed = byteLengthOf(shape, data.BYTES_PER_ELEMENT);
  if (needed !== data.byteLength) {
    throw new RangeError(
      `cannot write tensor ${shown(name)}: ${data.length} elements do not fit the shape [${shape}]`,
    );
  }
}
