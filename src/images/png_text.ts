/**
 * Text inside PNG files: tEXt, zTXt and iTXt chunks.
 * @module
 */
import { Buffer } from "node:buffer";
import { crc32, inflateSync } from "node:zlib";
import { FormatError } from "../errors.ts";
import { PNG_SIGNATURE, type PngChunk, verifyPng } from "./png.ts";
import { shown } from "../text.ts";

/** Most text in bytes, inflated, that one PNG may carry. */
const MAX_TEXT = 16 * 2 ** 20;
const TEXT_TYPES: readonly string[] = ["tEXt", "zTXt", "iTXt"];
/** Printable Latin-1, single inner spaces only, as the specification has it for keywords. */
const KEYWORD = /^(?! )(?!.* {2})[\x20-\x7e\xa1-\xff]{1,79}(?<! )$/;
/** What tEXt can hold: line feeds and printable Latin-1. */
const LATIN1 = /^[\n\x20-\x7e\xa0-\xff]*$/;

/**
 * Adds text to a PNG, right after IHDR so that readers of the first bytes find it. Text of the same keyword is replaced. Latin-1 text
 * becomes a tEXt chunk, which every reader knows, any other text an uncompressed iTXt chunk.
 *
 * @param png the whole file; is checked as {@link verifyPng} does
 * @param entries text by keyword; a keyword is 1 to 79 printable Latin-1 characters
 * @returns a new file
 * @throws {FormatError} where `png` is not a PNG
 * @throws {RangeError} where a keyword or text cannot be written
 *
 * @example
 * ```ts
 * import { insertPngText, readPngText } from "@parataa/parataa";
 * import assert from "node:assert/strict";
 * const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==";
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
 * Reads every text of a PNG.
 *
 * @param png the whole file; is checked as {@link verifyPng} does
 * @param options `file` is the name in messages
 * @returns text by keyword; of several texts under one keyword the last, as in Pillow
 * @throws {FormatError} where it is not a PNG, a text chunk is malformed, or the texts inflate beyond 16 MiB in all
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

/** The text of a chunk as bytes, inflated where it is compressed. */
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
  // iTXt: language tag and translated keyword, each ended by a zero.
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

/** TextDecoder's "latin1" is Windows-1252, another encoding; Buffer's is the one that PNG means. */
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
  // Not compressed, no language, no translated keyword: five zeros with the keyword's own.
  return encodeChunk("iTXt", concat([key, new Uint8Array(5), new TextEncoder().encode(text)]));
}

/** A chunk with its length and checksum. */
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
