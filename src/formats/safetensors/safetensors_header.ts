/**
 * The header of a safetensors file: `u64 length`, then JSON `{name: {dtype, shape, data_offsets},
 * "__metadata__": {…}}`, then data.
 *
 * The header is validated against itself and the size of the file before any tensor is read: the
 * ranges must tile the data without gaps or overlaps, each as long as its shape and type require.
 * https://huggingface.co/docs/safetensors describes the format.
 * @module
 */
import { FormatError } from "../../errors.ts";
import { ARRAY_TYPES, isListed, type ListedDtype, typedLength } from "../element_types.ts";
import { isJsonObject, type JsonObject, type JsonValue, readJson } from "../json.ts";
import { MAX_RANK } from "../shape.ts";
import { shown, shownValue } from "../../text.ts";

/** Bytes of the length field before the JSON. */
export const LENGTH_FIELD = 8;
/**
 * Longest accepted JSON header, enough for a hundred thousand tensors. The reference implementation
 * stops at 100 MB.
 */
const MAX_HEADER = 16 * 2 ** 20;

/** A validated entry of the header: one tensor. */
export interface SafetensorsEntry {
  /** Element type. */
  readonly dtype: ListedDtype;
  /** Sizes, outermost first; `[]` is a scalar. */
  readonly shape: readonly number[];
  /** First byte, counted from the start of the file. */
  readonly offset: number;
  /** Number of bytes. */
  readonly length: number;
}

/** A validated header. */
export interface SafetensorsHeader {
  /** Every tensor, in the order of its data. */
  readonly entries: ReadonlyMap<string, SafetensorsEntry>;
  /** The free text under `__metadata__`. */
  readonly metadata: ReadonlyMap<string, string>;
}

/**
 * Returns the length of the JSON, from the first bytes of the file.
 *
 * @param prefix at least the first 8 bytes, or the whole file if it is shorter
 * @param fileSize size of the whole file in bytes
 * @throws {FormatError} if the length field is missing or points outside the file
 */
export function headerLength(prefix: Uint8Array, fileSize: number, file: string): number {
  if (prefix.length < LENGTH_FIELD) {
    throw damaged(file, `${fileSize} bytes, wanted at least 10`);
  }
  const view = new DataView(prefix.buffer, prefix.byteOffset, LENGTH_FIELD);
  const claimed = view.getBigUint64(0, true);
  const most = BigInt(Math.min(MAX_HEADER, fileSize - LENGTH_FIELD));
  if (claimed < 2n || claimed > most) {
    throw damaged(
      file,
      `byte 0: header length ${claimed}, wanted 2 to ${most} (file of ${fileSize} bytes)`,
    );
  }
  return Number(claimed);
}

/** Returns the error of a file whose size does not match its header. */
function damaged(file: string, what: string): FormatError {
  return new FormatError(`${file}: a damaged safetensors file: ${what}`, {
    hint: "copy or download it again",
  });
}

/**
 * Parses and validates the JSON of a header.
 *
 * @param json the bytes after the length field, {@link headerLength} of them
 * @param fileSize size of the whole file in bytes
 * @throws {FormatError} naming the byte or the tensor
 */
export function parseHeader(json: Uint8Array, fileSize: number, file: string): SafetensorsHeader {
  if (json[0] !== 0x7b) throw new FormatError(`${file}: byte 8: the header must start with "{"`);
  const root = readJson(json, {
    file,
    maxBytes: MAX_HEADER,
    maxDepth: 3,
    naturalsOnly: true,
    baseOffset: LENGTH_FIELD,
  }) as JsonObject;
  const dataStart = LENGTH_FIELD + json.length;
  const entries: [string, SafetensorsEntry][] = [];
  let metadata: ReadonlyMap<string, string> = new Map();
  for (const name in root) {
    if (name === "__metadata__") metadata = parseMetadata(root[name], file);
    else entries.push([name, parseEntry(root[name], dataStart, `${file}: tensor ${shown(name)}`)]);
  }
  entries.sort(([, a], [, b]) => a.offset - b.offset || a.length - b.length);
  checkTiling(entries, { dataStart, fileSize, file });
  return { entries: new Map(entries), metadata };
}

/**
 * Returns the metadata. As in the reference implementation, null means none, and other keys of an
 * entry are ignored.
 */
function parseMetadata(value: JsonValue | undefined, file: string): ReadonlyMap<string, string> {
  const metadata = new Map<string, string>();
  if (value === null) return metadata;
  if (!isJsonObject(value)) throw new FormatError(`${file}: __metadata__ is not an object`);
  for (const key in value) {
    const text = value[key];
    if (typeof text !== "string") {
      throw new FormatError(`${file}: __metadata__ ${shown(key)} is not a string`);
    }
    metadata.set(key, text);
  }
  return metadata;
}

function parseEntry(
  value: JsonValue | undefined,
  dataStart: number,
  where: string,
): SafetensorsEntry {
  if (!isJsonObject(value)) throw new FormatError(`${where} is not an object`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== "string" || !isListed(dtype)) {
    throw new FormatError(
      `${where}: dtype ${shownValue(dtype)}, wanted one of ${Object.keys(ARRAY_TYPES)}`,
    );
  }
  if (!isNaturals(shape)) throw new FormatError(`${where}: shape is not a list of integers`);
  if (shape.length > MAX_RANK) {
    throw new FormatError(`${where}: ${shape.length} dimensions, at most ${MAX_RANK} are read`);
  }
  if (!isNaturals(offsets) || offsets.length !== 2) {
    throw new FormatError(`${where}: data_offsets is not a pair of integers`);
  }
  const [begin, end] = offsets;
  const needed = typedLength(shape, dtype);
  if (needed === undefined) {
    throw new FormatError(
      `${where}: shape [${shape}] overflows, or ends within a byte of ${dtype}`,
    );
  }
  if (end - begin !== needed) {
    throw new FormatError(
      `${where}: data_offsets [${begin},${end}] hold ${
        end - begin
      } bytes, ${dtype} [${shape}] needs ${needed}`,
    );
  }
  // The parser's array has spare capacity. An exact copy halves the memory of a large header.
  return { dtype, shape: [...shape], offset: dataStart + begin, length: needed };
}

/** Whether a value is a list of numbers. {@link readJson} has accepted natural numbers only. */
function isNaturals(value: JsonValue | undefined): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => typeof item === "number");
}

function checkTiling(
  entries: readonly [string, SafetensorsEntry][],
  { dataStart, fileSize, file }: { dataStart: number; fileSize: number; file: string },
): void {
  let next = dataStart;
  for (const [name, { offset, length }] of entries) {
    if (offset !== next) {
      throw new FormatError(
        `${file}: tensor ${shown(name)} starts at byte ${offset}, the one before ends at ${next}`,
      );
    }
    next = offset + length;
  }
  if (next !== fileSize) {
    throw damaged(file, `the tensors end at byte ${next}, the file at ${fileSize}`);
  }
}
