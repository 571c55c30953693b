/**
 * Validates the chunk layer of PNG, since decoders accept truncated files. Third edition of the
 * specification: https://www.w3.org/TR/png-3/
 * @module
 */
import { crc32 } from "node:zlib";
import { FormatError } from "../errors.ts";
import { shown } from "../text.ts";
import { pngOrientation } from "./exif.ts";

/** One chunk of a PNG. */
export interface PngChunk {
  /** Four letters, e.g. `IDAT`. */
  readonly type: string;
  /** Offset of the chunk (its length field) in the file. */
  readonly offset: number;
  /** Its data, a view of the file. */
  readonly data: Uint8Array;
}

/** Result of {@link verifyPng}. */
export interface Png {
  /** Width in pixels. */
  readonly width: number;
  /** Height in pixels. */
  readonly height: number;
  /** Bits per sample: 1, 2, 4, 8 or 16. */
  readonly bitDepth: number;
  /** 0 grey, 2 RGB, 3 palette, 4 grey with alpha, 6 RGBA. */
  readonly colorType: number;
  /** Orientation in the eXIf chunk, 1 (as stored) to 8. */
  readonly orientation: number;
  /** Length up to and including IEND; some tools append files to an image. */
  readonly length: number;
  /** Every chunk, in order. */
  readonly chunks: readonly PngChunk[];
}

type Header = Pick<Png, "width" | "height" | "bitDepth" | "colorType">;

/** The eight bytes that every PNG starts with. */
export const PNG_SIGNATURE: readonly number[] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** Length, type and CRC around the data of a chunk. */
const CHUNK_OVERHEAD = 12;
/** Maximum number of chunks, which bounds memory: enough for 800 MB in the usual 8 kB chunks. */
const MAX_CHUNKS = 100_000;
/** Colour type of palette images. */
export const PALETTE = 3;
const MAX_UINT31 = 2 ** 31 - 1;
const BIT_DEPTHS: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};

/**
 * Validates a PNG without decoding its pixels: signature, lengths, types and CRCs of the chunks,
 * the order of the critical chunks, and the values of IHDR.
 *
 * @param bytes the whole file
 * @param options `file` is the file name in messages
 * @throws {FormatError} naming the byte
 */
export function verifyPng(bytes: Uint8Array, options: { file?: string } = {}): Png {
  const file = options.file ?? "PNG data";
  if (PNG_SIGNATURE.some((byte, i) => bytes[i] !== byte)) {
    throw new FormatError(`${file}: byte 0: no PNG signature`);
  }
  const chunks: PngChunk[] = [];
  let at = PNG_SIGNATURE.length;
  while (at < bytes.length) {
    if (chunks.length === MAX_CHUNKS) {
      throw new FormatError(`${file}: byte ${at}: more than ${MAX_CHUNKS} chunks`);
    }
    const chunk = readChunk(bytes, at, file);
    chunks.push(chunk);
    at += CHUNK_OVERHEAD + chunk.data.length;
    if (chunk.type === "IEND") break;
  }
  const header = readHeader(chunks, file);
  checkOrder(chunks, header.colorType, file);
  const exif = chunks.find(({ type }) => type === "eXIf");
  const orientation = exif && pngOrientation(exif.data);
  return { ...header, orientation: orientation ?? 1, length: at, chunks };
}

function readChunk(bytes: Uint8Array, offset: number, file: string): PngChunk {
  const room = bytes.length - offset - CHUNK_OVERHEAD;
  if (room < 0) throw new FormatError(`${file}: byte ${offset}: cut short inside a chunk`);
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset);
  const length = view.getUint32(0);
  const type = String.fromCharCode(...bytes.subarray(offset + 4, offset + 8));
  // The third letter is reserved; lower case is for future versions of PNG.
  if (!/^[A-Za-z]{2}[A-Z][A-Za-z]$/.test(type)) {
    throw new FormatError(`${file}: byte ${offset + 4}: chunk type ${shown(type)}`);
  }
  if (length > room) {
    throw new FormatError(
      `${file}: byte ${offset}: ${type} claims ${length} bytes, ${room} are left`,
    );
  }
  const stored = view.getUint32(8 + length);
  const actual = crc32(bytes.subarray(offset + 4, offset + 8 + length));
  if (stored !== actual) throw new FormatError(`${file}: byte ${offset}: ${type} has a wrong CRC`);
  return { type, offset, data: bytes.subarray(offset + 8, offset + 8 + length) };
}

function readHeader(chunks: readonly PngChunk[], file: string): Header {
  const data = chunks[0]?.data;
  if (chunks[0]?.type !== "IHDR" || data.length !== 13) {
    throw new FormatError(`${file}: byte 8: wanted IHDR of 13 bytes`);
  }
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  if (![width, height].every((size) => size >= 1 && size <= MAX_UINT31)) {
    throw new FormatError(`${file}: byte 16: size ${width}x${height}`);
  }
  const [bitDepth, colorType, compression, filter, interlace] = data.subarray(8);
  if (
    !BIT_DEPTHS[colorType]?.includes(bitDepth) || compression !== 0 || filter !== 0 ||
    interlace > 1
  ) {
    throw new FormatError(`${file}: byte 24: unknown pixel format [${data.subarray(8)}]`);
  }
  return { width, height, bitDepth, colorType };
}

function checkOrder(chunks: readonly PngChunk[], colorType: number, file: string): void {
  const types = chunks.map(({ type }) => type);
  const refuse = (i: number, what: string): never => {
    throw new FormatError(`${file}: byte ${chunks[i].offset}: ${what}`);
  };
  const firstData = types.indexOf("IDAT");
  const last = types.length - 1;
  if (firstData < 0) refuse(last, "no IDAT");
  if (types[last] !== "IEND" || chunks[last].data.length > 0) {
    refuse(last, "no empty IEND at the end");
  }
  types.forEach((type, i) => {
    if (type === "IHDR" && i > 0) refuse(i, "a second IHDR");
    if (type === "IDAT" && i > firstData && types[i - 1] !== "IDAT") refuse(i, "IDAT interrupted");
    // PLTE is a suggestion in RGB images and an error in grey ones; both are ignored.
    if (type === "PLTE" && colorType === PALETTE) checkPalette(i);
    // An upper-case first letter marks a chunk that decoders must understand.
    if (/^[A-Z]/.test(type) && !["IHDR", "PLTE", "IDAT", "IEND"].includes(type)) {
      refuse(i, `unknown critical chunk ${type}`);
    }
  });
  if (colorType === PALETTE && !types.includes("PLTE")) {
    refuse(firstData, "a palette image without PLTE");
  }

  function checkPalette(i: number): void {
    const { length } = chunks[i].data;
    if (i > firstData || types.indexOf("PLTE") !== i) refuse(i, "PLTE out of place");
    if (length % 3 !== 0 || length < 3 || length > 768) refuse(i, `PLTE of ${length} bytes`);
  }
}
