import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { FormatError } from "../../src/errors.ts";
import { verifyPng } from "../../src/images/png.ts";
import { exifSegment } from "./jpeg_fixture.ts";
import { chunk, header, IDAT, IEND, join, pngWith, SIGNATURE } from "./png_fixture.ts";

const GOOD = pngWith();
const PLTE = chunk("PLTE", "rgb");

function changed(at: number, value: number): Uint8Array {
  const bytes = GOOD.slice();
  bytes[at] = value;
  return bytes;
}

function withHeader(values: Parameters<typeof header>[0], ...chunks: Uint8Array[]): Uint8Array {
  return join(SIGNATURE, header(values), ...chunks, IDAT, IEND);
}

const LIES: readonly (readonly [string, () => Uint8Array, RegExp])[] = [
  ["an empty file", () => new Uint8Array(0), /byte 0: no PNG signature/],
  ["a signature mangled by a text transfer", () => changed(4, 10), /byte 0: no PNG signature/],
  ["a signature alone", () => SIGNATURE, /byte 8: wanted IHDR/],
  ["a file without its last 20 bytes", () => GOOD.slice(0, -20), /IDAT claims \d+ bytes/],
  ["a file without IEND", () => GOOD.slice(0, -12), /no empty IEND at the end/],
  ["an empty IDAT in place of IEND", () => join(SIGNATURE, header(), IDAT, chunk("IDAT")), /IEND/],
  ["a file without its last byte", () => GOOD.slice(0, -1), /cut short inside a chunk/],
  ["a wrong CRC", () => changed(32, GOOD[32] ^ 1), /byte 8: IHDR has a wrong CRC/],
  ["a changed pixel", () => changed(43, GOOD[43] ^ 1), /byte 33: IDAT has a wrong CRC/],
  ["a length past the end", () => changed(33, 0x7f), /byte 33: IDAT claims 2130706442 bytes/],
  ["a length over 2^31", () => changed(33, 0xff), /byte 33: IDAT claims 4278190090 bytes/],
  [
    "a chunk type that is no letters",
    () => pngWith(chunk("te\nt")),
    /byte 37: chunk type "te\\nt"/,
  ],
  ["a reserved chunk type", () => pngWith(chunk("text")), /byte 37: chunk type "text"/],
  ["an unknown critical chunk", () => pngWith(chunk("ABCD")), /unknown critical chunk ABCD/],
  [
    "a chunk before IHDR",
    () => join(SIGNATURE, chunk("tEXt", "a\0"), header(), IDAT, IEND),
    /IHDR/,
  ],
  ["a second IHDR", () => pngWith(header()), /byte 33: a second IHDR/],
  ["a long IHDR", () => join(SIGNATURE, chunk("IHDR", "x".repeat(14)), IDAT, IEND), /IHDR of 13/],
  ["a width of 0", () => withHeader({ width: 0 }), /byte 16: size 0x1/],
  ["a height over 2^31", () => withHeader({ height: 2 ** 31 }), /byte 16: size 1x2147483648/],
  ["an illegal bit depth", () => withHeader({ format: [4, 2, 0, 0, 0] }), /byte 24: unknown pixel/],
  ["an illegal colour type", () => withHeader({ format: [8, 5, 0, 0, 0] }), /byte 24: unknown/],
  ["an unknown compression", () => withHeader({ format: [8, 0, 1, 0, 0] }), /byte 24: unknown/],
  ["an unknown filter", () => withHeader({ format: [8, 0, 0, 1, 0] }), /byte 24: unknown/],
  ["an unknown interlace", () => withHeader({ format: [8, 0, 0, 0, 2] }), /byte 24: unknown/],
  [
    "100,001 chunks",
    () => join(SIGNATURE, header(), Buffer.alloc(99_999 * 14, chunk("tEXt", "a\0")), IDAT, IEND),
    /100000 chunks/,
  ],
  ["no IDAT", () => join(SIGNATURE, header(), IEND), /no IDAT/],
  ["IDAT interrupted", () => pngWith(IDAT, chunk("tEXt", "a\0")), /IDAT interrupted/],
  ["an IEND with data", () => join(SIGNATURE, header(), IDAT, chunk("IEND", "x")), /no empty IEND/],
  ["a palette image without PLTE", () => withHeader({ format: [8, 3, 0, 0, 0] }), /without PLTE/],
  ["two PLTE", () => withHeader({ format: [8, 3, 0, 0, 0] }, PLTE, PLTE), /PLTE out of place/],
  [
    "PLTE after IDAT",
    () => withHeader({ format: [8, 3, 0, 0, 0] }, IDAT, PLTE),
    /PLTE out of place/,
  ],
  ["an empty PLTE", () => withHeader({ format: [8, 3, 0, 0, 0] }, chunk("PLTE")), /PLTE of 0/],
  [
    "PLTE of 257 colours",
    () => withHeader({ format: [8, 3, 0, 0, 0] }, chunk("PLTE", "rgb".repeat(257))),
    /PLTE of 771/,
  ],
  [
    "PLTE of 4 bytes",
    () => withHeader({ format: [8, 3, 0, 0, 0] }, chunk("PLTE", "rgba")),
    /PLTE of 4/,
  ],
];

for (const [lie, make, wanted] of LIES) {
  Deno.test(`verifyPng() refuses ${lie}`, () => {
    assert.throws(() => verifyPng(make(), { file: "t.png" }), (error) => {
      assert(error instanceof FormatError, String(error));
      assert.match(error.message, wanted);
      assert.match(error.message, /^t\.png: [^\n]*$/);
      return true;
    });
  });
}

Deno.test("verifyPng() returns header and chunks of a legal file", () => {
  const png = verifyPng(withHeader({ width: 3, height: 2, format: [8, 3, 0, 0, 1] }, PLTE, IDAT));
  assert.deepEqual([png.width, png.height, png.bitDepth, png.colorType], [3, 2, 8, 3]);
  assert.deepEqual(png.chunks.map(({ type }) => type), ["IHDR", "PLTE", "IDAT", "IDAT", "IEND"]);
  assert.equal(png.chunks[1].offset, 33);
});

Deno.test("verifyPng() accepts bytes after IEND and returns the end of the image", () => {
  const png = verifyPng(join(GOOD, Uint8Array.of(0)));
  assert.deepEqual([png.length, png.chunks.length], [GOOD.length, 3]);
});

Deno.test("verifyPng() accepts any unused palette", () => {
  for (const colorType of [0, 2, 4, 6]) {
    for (const palette of [PLTE, chunk("PLTE", "rgba")]) {
      verifyPng(withHeader({ format: [8, colorType, 0, 0, 0] }, palette));
    }
  }
});

Deno.test("verifyPng() returns the orientation of an eXIf chunk, by default 1", () => {
  const exif = chunk("eXIf", exifSegment(8).subarray(10));
  assert.equal(verifyPng(pngWith(exif)).orientation, 8);
  assert.equal(verifyPng(join(SIGNATURE, header(), IDAT, exif, IEND)).orientation, 8);
  assert.equal(verifyPng(pngWith(chunk("eXIf", "MM"))).orientation, 1);
  assert.equal(verifyPng(GOOD).orientation, 1);
});

Deno.test("verifyPng() accepts text after the image", () => {
  const text = chunk("tEXt", "a\0b");
  const { chunks } = verifyPng(join(SIGNATURE, header(), IDAT, text, text, IEND));
  assert.equal(chunks.length, 5);
});

Deno.test("verifyPng() refuses every truncation and every changed bit", () => {
  for (let length = 0; length < GOOD.length; length++) {
    assert.throws(() => verifyPng(GOOD.slice(0, length)), FormatError, `length ${length}`);
  }
  for (let bit = 0; bit < GOOD.length * 8; bit++) {
    const at = bit >> 3;
    assert.throws(
      () => verifyPng(changed(at, GOOD[at] ^ (1 << (bit & 7)))),
      FormatError,
      `bit ${bit}`,
    );
  }
});
