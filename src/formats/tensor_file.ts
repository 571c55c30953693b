/**
 * Common interface of all files of tensors. Names, types and shapes are read on opening, elements
 * on request, whole or in pieces.
 * @module
 */
import { FormatError } from "../errors.ts";
import { ARRAY_TYPES, isDtype, type ListedDtype, type SafetensorsDtype } from "./element_types.ts";
import type { SafetensorsTensor } from "./safetensors/safetensors_tensor.ts";
import { shown } from "../text.ts";

/** Type, shape and size of a tensor, validated when the file was opened. */
export interface TensorEntry {
  /** Element type in safetensors' spelling, for every kind of file. */
  readonly dtype: ListedDtype;
  /** Sizes, outermost first; `[]` is a scalar. */
  readonly shape: readonly number[];
  /** Number of bytes of the elements. */
  readonly length: number;
}

/** A range of the bytes of one tensor, counted from its first element. */
export interface TensorRange {
  /** First byte. */
  readonly offset: number;
  /** Number of bytes. */
  readonly length: number;
}

/**
 * An open file of tensors: safetensors, a PyTorch checkpoint, or shards of either. Elements are not
 * in memory until they are read.
 */
export interface TensorFile {
  /** Every tensor by name, in the order of the file. */
  readonly entries: ReadonlyMap<string, TensorEntry>;
  /**
   * Reads one tensor.
   *
   * @throws {FormatError} if there is no tensor of that name, its element type is only listed, or
   * its bytes are damaged
   */
  read(name: string): Promise<SafetensorsTensor>;
  /**
   * Reads a part of one tensor: its elements in C order, little-endian.
   *
   * @throws {FormatError} as {@link TensorFile.read}
   * @throws {RangeError} if the range is not within the tensor
   */
  readBytes(name: string, range: TensorRange): Promise<Uint8Array>;
}

/** Default size of a piece of {@link tensorChunks}. */
const CHUNK = 4 * 2 ** 20;

/**
 * Yields the bytes of a tensor in pieces of whole elements, so that gigabytes are processed in a
 * few megabytes of memory.
 *
 * @param chunkBytes most bytes of a piece, a multiple of 8; default 4 MiB
 *
 * @example
 * ```ts
 * import { SafetensorsFile, tensorChunks, writeSafetensors } from "@parataa/parataa";
 * import assert from "node:assert/strict";
 * const data = Float32Array.of(1, 2, 3, 4, 5);
 * const bytes = writeSafetensors(new Map([["x", { dtype: "F32", shape: [5], data }]]));
 * const source = {
 *   size: bytes.length,
 *   read: (at: number, length: number) => Promise.resolve(bytes.slice(at, at + length)),
 * };
 * const file = await SafetensorsFile.open(source);
 * const sizes = await Array.fromAsync(tensorChunks(file, "x", 8), (chunk) => chunk.length);
 * assert.deepEqual(sizes, [8, 8, 4]);
 * ```
 */
export async function* tensorChunks(
  file: TensorFile,
  name: string,
  chunkBytes: number = CHUNK,
): AsyncGenerator<Uint8Array> {
  if (!Number.isSafeInteger(chunkBytes) || chunkBytes < 8 || chunkBytes % 8 !== 0) {
    throw new RangeError(`chunkBytes is ${chunkBytes}, wanted a positive multiple of 8`);
  }
  const total = entryOf(file.entries, name, "the file").length;
  for (let offset = 0; offset < total; offset += chunkBytes) {
    yield await file.readBytes(name, { offset, length: Math.min(chunkBytes, total - offset) });
  }
}

/** Returns the entry of a tensor. @throws {FormatError} if there is none of that name */
export function entryOf<E extends TensorEntry>(
  entries: ReadonlyMap<string, E>,
  name: string,
  file: string,
): E {
  const entry = entries.get(name);
  if (entry === undefined) throw new FormatError(`${file}: no tensor ${shown(name)}`);
  return entry;
}

/**
 * Returns the entry of a tensor whose elements fit a typed array.
 *
 * @throws {FormatError} if there is none of that name, or its type is only listed
 */
export function readableEntry<E extends TensorEntry>(
  entries: ReadonlyMap<string, E>,
  name: string,
  file: string,
): E & { readonly dtype: SafetensorsDtype } {
  const entry = entryOf(entries, name, file);
  if (isReadable(entry)) return entry;
  throw new FormatError(
    `${file}: tensor ${shown(name)} is ${entry.dtype}, wanted one of ${Object.keys(ARRAY_TYPES)}`,
    { hint: "save it in another type, such as F32 or F16" },
  );
}

/** True if a typed array can hold the elements. */
export function isReadable<E extends { readonly dtype: ListedDtype }>(
  entry: E,
): entry is E & { readonly dtype: SafetensorsDtype } {
  return isDtype(entry.dtype);
}

/** Validates a range. @throws {RangeError} if the range is not within the tensor */
export function checkRange(entry: TensorEntry, { offset, length }: TensorRange): void {
  const fits = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 &&
    length >= 0 && offset + length <= entry.length;
  if (!fits) {
    throw new RangeError(
      `byte ${offset} and length ${length} are not within a tensor of ${entry.length} bytes`,
    );
  }
}
