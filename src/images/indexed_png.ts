/** PNG files of at most 256 colours: a quarter of the bytes of a full one. @module */
import { Buffer } from "node:buffer";
import { deflateSync } from "node:zlib";
import { PNG_SIGNATURE } from "./png.ts";
import { encodeChunk } from "./png_text.ts";

/** An image whose pixels are numbers of colours. */
export interface IndexedImage {
  width: number;
  height: number;
  /** Red, green, blue of every colour, 0 … 255; at most 256 colours. */
  palette: Uint8Array;
  /** A colour's number per pixel, row by row. */
  indexes: Uint8Array;
}

const INDEXED_COLOUR = 3;

/** The whole file. The same image gives the same bytes. */
export function encodeIndexedPng(image: IndexedImage): Uint8Array {
  const { width, height, palette, indexes } = image;
  const head = new Uint8Array(13);
  const view = new DataView(head.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  head.set([8, INDEXED_COLOUR], 8);
  const rows = new Uint8Array(height * (width + 1)); // every row begins with its filter, 0 for none
  for (let y = 0; y < height; y++) {
    rows.set(indexes.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  }
  return Buffer.concat([
    Uint8Array.from(PNG_SIGNATURE),
    encodeChunk("IHDR", head),
    encodeChunk("PLTE", palette),
    encodeChunk("IDAT", deflateSync(rows, { level: 9 })),
    encodeChunk("IEND", new Uint8Array(0)),
  ]);
}
