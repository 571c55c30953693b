/** Reads and writes text in PNG files: tEXt, zTXt and iTXt chunks. @module */
import { Buffer } from "node:buffer";
import { crc32, inflateSync } from "node:zlib";
import { FormatError } from "../errors.ts";
import { PNG_SIGNATURE, type PngChunk, verifyPng } from "./png.ts";
import { shown } from "../text.ts";

/** Maximum size of all inflated texts of a PNG in bytes. */
const MAX_TEXT = 16 * 2 ** 20;
const TEXT_TYPES: readonly string[] = ["tEXt", "zTXt", "iTXt"];
/** Keywords by the specification: printable Latin-1 with single inner spaces. */
const KEYWORD = /^(?! )(?!.* {2})[\x20-\x7e\xa1-\xff]{1,79}(?<! )$/;
/** Text that tEXt can store: line feeds and printable Latin-1. */
const LATIN1 = /^[\n\x20-\x7e\xa0-\xff]*$/;

/**
 * Adds text to a PNG, directly after IHDR so that readers of the first bytes find it. Text with the
 * same keyword is replaced. Latin-1 text becomes a tEXt chunk, which every reader supports, other
 * text an uncompressed iTXt chunk.
 *
 * @param png the whole file; validated by {@link verifyPng}
 * @param entries text by keyword; a keyword is 1 to 79 printable Latin-1 characters
 * @returns a new file
 * @throws {FormatError} when `png` is not a PNG
 * @throws {RangeError} when a keyword or text cannot be written
 *
 * @example
 * ```ts
 * import { insertPngText, readPngText } from "@parataa/parataa";
 * import assert from "node:assert/strict";
 * const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAA" +
 *   "ABJRU5ErkJggg==";
 * const png = insertPngText(Uint8Array.fromBase64(pixel), new Map([["Title", "黑鸭"]]));
 * assert.deepEqual(readPngText(png), new Map([["Title", "黑鸭"]]));
 * ```
 */
export function insertPngText(
  png: Uint8Array,
  entries: ReadonlyMap<string, string>,
): Uint8Array<ArrayBuffer> {
  const { chunks } = verifyPng(png);
  const texts = [...entries].map(([keyword, text]) => textChunk(keyword, text));
  const kept = chunks.slice(1).filter((chunk) =>
    !TEXT_TYPES.includes(chunk.type) || !entries.has(keywordOf(chunk, "PNG data"))
  ).map(({ type, data }) => encodeChunk(type, data));
  const parts = [
    Uint8Array.from(PNG_SIGNATURE),
    encodeChunk("IHDR", chunks[0].data),
    ...texts,
    ...kept,
  ];
  return concat(parts);
}

/**
 * Reads all texts of a PNG.
 *
 * @param png the whole file; validated by {@link verifyPng}
 * @param options `file` is the file name in messages
 * @returns text by keyword; for repeated keywords the last text, as in Pillow
 * @throws {FormatError} when it is not a PNG, a text chunk is malformed, or the texts inflate
 *   beyond 16 MiB in all
 */
export function readPngText(png: Uint8Array, options: { file?: string } = {}): Map<string, string> {
  const file = options.file ?? "PNG data";
  const texts = new Map<string, string>();
  let room = MAX_TEXT;
  for (const chunk of verifyPng(png, { file }).chunks) {
    if (!TEXT_TYPES.includes(chunk.type)) continue;
    const keyword = keywordOf(chunk, file);
    const bytes = textBytes(chunk, { start: keyword.length + 1, room, file });
    room -= bytes.length;
    texts.set(keyword, decodeText(chunk, bytes, file));
  }
  return texts;
}

function keywordOf(chunk: PngChunk, file: string): string {
  const end = chunk.data.subarray(0, 80).indexOf(0);
  const keyword = latin1(chunk.data.subarray(0, Math.max(end, 0)));
  if (!KEYWORD.test(keyword)) refuse(chunk, file, `keyword ${shown(keyword)}`);
  return keyword;
}

/** Text of a chunk as bytes, inflated if compressed. */
function textBytes(
  chunk: PngChunk,
  { start, room, file }: { start: number; room: number; file: string },
): Uint8Array {
  const { type, data } = chunk;
  let compressed = type === "zTXt";
  let at = start;
  if (type !== "tEXt") {
    if (type === "iTXt") {
      if (data[at] > 1) refuse(chunk, file, `compression flag ${data[at]}`);
      compressed = data[at++] === 1;
    }
    const method = data[at++];
    if (method !== 0) refuse(chunk, file, `compression method ${method}`);
  }
  // iTXt: skip the language tag and the translated keyword, each ended by a zero.
  for (let skip = type === "iTXt" ? 2 : 0; skip > 0; skip--) {
    const end = data.indexOf(0, at);
    if (end < 0) refuse(chunk, file, "no end of its language or translated keyword");
    at = end + 1;
  }
  const stored = data.subarray(at);
  const bytes = compressed ? inflate(chunk, stored, room, file) : stored;
  if (bytes.length > room) refuse(chunk, file, `texts of more than ${MAX_TEXT} bytes in all`);
  return bytes;
}

function inflate(chunk: PngChunk, stored: Uint8Array, room: number, file: string): Uint8Array {
  try {
    return inflateSync(stored, { maxOutputLength: room + 1 });
  } catch (cause) {
    const what = cause instanceof RangeError
      ? `texts of more than ${MAX_TEXT} bytes in all`
      : "its compressed text cannot be inflated";
    return refuse(chunk, file, what, cause);
  }
}

function decodeText(chunk: PngChunk, bytes: Uint8Array, file: string): string {
  if (bytes.includes(0)) refuse(chunk, file, "a zero inside its text");
  if (chunk.type !== "iTXt") return latin1(bytes);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes.slice());
  } catch (cause) {
    return refuse(chunk, file, "its text is not UTF-8", cause);
  }
}

function refuse({ type, offset }: PngChunk, file: string, what: string, cause?: unknown): never {
  throw new FormatError(`${file}: byte ${offset}: ${type}: ${what}`, { cause });
}

/** Decodes Latin-1. TextDecoder's "latin1" is Windows-1252; Buffer's is the encoding of PNG. */
function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}

function textChunk(keyword: string, text: string): Uint8Array {
  if (!KEYWORD.test(keyword)) {
    throw new RangeError(
      `cannot write PNG text under ${shown(keyword)}: wanted 1 to 79 printable Latin-1 characters`,
    );
  }
  if (text.includes("\0") || !text.isWellFormed()) {
    throw new RangeError(`cannot write PNG text ${shown(text)}: a zero or half a surrogate pair`);
  }
  const key = Buffer.from(keyword, "latin1");
  if (LATIN1.test(text)) {
    return encodeChunk("tEXt", concat([key, Uint8Array.of(0), Buffer.from(text, "latin1")]));
  }
  // Five zeros: end of keyword, not compressed, method, no language, no translated keyword.
  return encodeChunk("iTXt", concat([key, new Uint8Array(5), new TextEncoder().encode(text)]));
}

/** A chunk with length and checksum. */
export function encodeChunk(type: string, data: Uint8Array): Uint8Array {
  const chunk = new Uint8Array(12 + data.length);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, data.length);
  chunk.set(Buffer.from(type, "latin1"), 4);
  chunk.set(data, 8);
  view.setUint32(8 + data.length, crc32(chunk.subarray(4, 8 + data.length)));
  return chunk;
}

function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
