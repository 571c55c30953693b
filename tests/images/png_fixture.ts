/** PNG files for tests, put together from chunks. @module */
import { Buffer } from "node:buffer";
import { crc32, deflateSync } from "node:zlib";

export const SIGNATURE: Uint8Array = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10);

/** A chunk; data may be Latin-1 text. Its CRC is right. */
export function chunk(type: string, data: Uint8Array | string = ""): Uint8Array {
  const body = Buffer.concat([Buffer.from(type, "latin1"), bufferOf(data)]);
  const bytes = Buffer.alloc(body.length + 8);
  bytes.writeUInt32BE(body.length - 4);
  bytes.set(body, 4);
  bytes.writeUInt32BE(crc32(body), bytes.length - 4);
  return bytes;
}

function bufferOf(data: Uint8Array | string): Uint8Array {
  return typeof data === "string" ? Buffer.from(data, "latin1") : data;
}

export interface HeaderValues {
  width?: number;
  height?: number;
  /** Bit depth, colour type, compression, filter, interlace. */
  format?: readonly number[];
}

/** IHDR of a 1x1 grey image, but for the values given. */
export function header(
  { width = 1, height = 1, format = [8, 0, 0, 0, 0] }: HeaderValues = {},
): Uint8Array {
  const data = Buffer.alloc(13);
  data.writeUInt32BE(width);
  data.writeUInt32BE(height, 4);
  data.set(format, 8);
  return chunk("IHDR", data);
}

/** IDAT of one grey pixel. */
export const IDAT: Uint8Array = chunk("IDAT", deflateSync(Uint8Array.of(0, 7)));
export const IEND: Uint8Array = chunk("IEND");

/** Joins parts to fresh bytes. */
export function join(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.concat(parts));
}

/** A 1x1 grey PNG with these chunks between IHDR and IDAT. */
export function pngWith(...chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return join(SIGNATURE, header(), ...chunks, IDAT, IEND);
}
