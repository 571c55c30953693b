/**
 * Decodes the pixels of a PNG, for every colour type, depth and interlacing. imagescript's decoder
 * returns noise for interlaced and 1- to 4-bit files.
 * @module
 */
import { Buffer } from "node:buffer";
import { inflateSync } from "node:zlib";
import { FormatError } from "../errors.ts";
import { PALETTE, type Png, verifyPng } from "./png.ts";

/** 8-bit RGBA pixels, row by row. */
export interface RgbaImage {
  /** Width in pixels. */
  readonly width: number;
  /** Height in pixels. */
  readonly height: number;
  /** `[height, width, 4]`, alpha not premultiplied. */
  readonly data: Uint8Array;
}

/** An interlacing pass: every `dx`-th pixel of every `dy`-th row, from `x`, `y`. */
interface Pass {
  x: number;
  y: number;
  dx: number;
  dy: number;
}

const WHOLE: readonly Pass[] = [{ x: 0, y: 0, dx: 1, dy: 1 }];
const ADAM7: readonly Pass[] = [
  { x: 0, y: 0, dx: 8, dy: 8 },
  { x: 4, y: 0, dx: 8, dy: 8 },
  { x: 0, y: 4, dx: 4, dy: 8 },
  { x: 2, y: 0, dx: 4, dy: 4 },
  { x: 0, y: 2, dx: 2, dy: 4 },
  { x: 1, y: 0, dx: 2, dy: 2 },
  { x: 0, y: 1, dx: 1, dy: 2 },
];
const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
/** Maximum number of bytes after the last pixel, which are ignored as in other decoders. */
const MAX_SURPLUS = 2 ** 20;

/**
 * Decodes a PNG. Memory grows with width times height; check them first.
 *
 * @param bytes the whole file; validated by {@link verifyPng}
 * @param options `file` is the file name in messages
 * @throws {FormatError} when it is not a PNG, or its pixel data do not match its size
 */
export function decodePng(bytes: Uint8Array, options: { file?: string } = {}): RgbaImage {
  const file = options.file ?? "PNG data";
  const png = verifyPng(bytes, { file });
  const { width, height, bitDepth, colorType } = png;
  const interlaced = png.chunks[0].data[12] === 1;
  const passes = (interlaced ? ADAM7 : WHOLE).map((pass) => ({
    ...pass,
    columns: Math.ceil((width - pass.x) / pass.dx),
    rows: Math.ceil((height - pass.y) / pass.dy),
  })).filter(({ columns, rows }) => columns > 0 && rows > 0);
  const bits = CHANNELS[colorType] * bitDepth;
  const lengths = passes.map(({ columns }) => Math.ceil(columns * bits / 8));
  const total = passes.reduce((sum, { rows }, i) => sum + rows * (1 + lengths[i]), 0);
  const raw = inflate(png, total, file);
  const paint = painter(png);
  const data = new Uint8Array(width * height * 4);
  let at = 0;
  passes.forEach(({ x, y, dx, dy, columns, rows }, pass) => {
    const length = lengths[pass];
    let above = new Uint8Array(length);
    for (let row = 0; row < rows; row++, at += 1 + length) {
      const line = raw.subarray(at + 1, at + 1 + length);
      unfilter(raw[at], line, { above, step: Math.max(1, bits >> 3), file });
      above = line;
      const out = ((y + row * dy) * width + x) * 4;
      for (let i = 0; i < columns; i++) paint(line, i, data, out + i * dx * 4);
    }
  });
  return { width, height, data };
}

function inflate(png: Png, length: number, file: string): Uint8Array<ArrayBuffer> {
  const pieces = png.chunks.filter(({ type }) => type === "IDAT");
  const refuse = (cause?: unknown) =>
    new FormatError(
      `${file}: byte ${pieces[0].offset}: the pixels do not inflate to the ${length} bytes of ` +
        `${png.width}x${png.height}`,
      { cause },
    );
  let raw: Uint8Array<ArrayBuffer>;
  try {
    const stored = Buffer.concat(pieces.map(({ data }) => data));
    raw = new Uint8Array(inflateSync(stored, { maxOutputLength: length + MAX_SURPLUS }));
  } catch (cause) {
    throw refuse(cause);
  }
  if (raw.length < length) throw refuse();
  return raw;
}

/** Reverses the filter of a line in place; `step` is the number of bytes per pixel. */
function unfilter(
  filter: number,
  line: Uint8Array,
  { above, step, file }: { above: Uint8Array; step: number; file: string },
): void {
  if (filter > 4) throw new FormatError(`${file}: filter ${filter} in its pixels, wanted 0 to 4`);
  if (filter === 0) return;
  for (let i = 0; i < line.length; i++) {
    const left = i >= step ? line[i - step] : 0;
    const up = above[i];
    if (filter === 1) line[i] += left;
    else if (filter === 2) line[i] += up;
    else if (filter === 3) line[i] += (left + up) >> 1;
    else line[i] += paeth(left, up, i >= step ? above[i - step] : 0);
  }
}

function paeth(left: number, up: number, corner: number): number {
  const [byLeft, byUp] = [Math.abs(up - corner), Math.abs(left - corner)];
  const byCorner = Math.abs(left + up - 2 * corner);
  if (byLeft <= byUp && byLeft <= byCorner) return left;
  return byUp <= byCorner ? up : corner;
}

type Painter = (line: Uint8Array, i: number, out: Uint8Array, at: number) => void;

/** Returns a function that writes pixel `i` of a line as RGBA. */
function painter({ bitDepth, colorType, chunks }: Png): Painter {
  const transparent = chunks.find(({ type }) => type === "tRNS")?.data ?? new Uint8Array(0);
  const channels = CHANNELS[colorType];
  const sample = sampler(bitDepth);
  if (colorType === PALETTE) {
    const colours = new Uint8Array(3 * 256); // an index outside the palette is black
    colours.set(chunks.find(({ type }) => type === "PLTE")!.data);
    return (line, i, out, at) => {
      const index = sample(line, i);
      out.set(colours.subarray(3 * index, 3 * index + 3), at);
      out[at + 3] = transparent[index] ?? 255;
    };
  }
  const [grey, alpha] = [channels < 3, channels % 2 === 0];
  const colourCount = grey ? 1 : 3;
  // 16-bit samples lose their low byte, as in other decoders; samples below 8 bits are scaled up.
  const level = (value: number) => bitDepth === 16 ? value >> 8 : value * 255 / (2 ** bitDepth - 1);
  const key = !alpha && transparent.length === 2 * colourCount
    ? Array.from(
      { length: colourCount },
      (_, c) => transparent[2 * c] << 8 | transparent[2 * c + 1],
    )
    : undefined;
  return (line, i, out, at) => {
    let keyed = key !== undefined;
    for (let c = 0; c < colourCount; c++) {
      const value = sample(line, i * channels + c);
      if (key && value !== key[c]) keyed = false;
      out[at + c] = level(value);
    }
    if (grey) out[at + 1] = out[at + 2] = out[at];
    out[at + 3] = alpha ? level(sample(line, i * channels + colourCount)) : keyed ? 0 : 255;
  };
}

/**
 * Returns a function that reads the n-th sample of a line; sub-byte samples start at the high bits.
 */
function sampler(bitDepth: number): (line: Uint8Array, n: number) => number {
  if (bitDepth === 8) return (line, n) => line[n];
  if (bitDepth === 16) return (line, n) => line[2 * n] << 8 | line[2 * n + 1];
  const perByte = 8 / bitDepth;
  return (line, n) =>
    line[Math.floor(n / perByte)] >> (8 - bitDepth * (n % perByte + 1)) & (2 ** bitDepth - 1);
}
