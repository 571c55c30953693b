import assert from "node:assert/strict";
import { FormatError } from "../../src/errors.ts";
import { verifyImage } from "../../src/images/image_file.ts";
import { verifyJpeg } from "../../src/images/jpeg.ts";
import { BASELINE } from "./jpeg_fixture.ts";
import { header, IDAT, IEND, join, pngWith, SIGNATURE } from "./png_fixture.ts";

const text = (start: string) => new TextEncoder().encode(start);
const png = (width: number, height: number) =>
  join(SIGNATURE, header({ width, height }), IDAT, IEND);

function jpeg(width: number, height: number): Uint8Array {
  const bytes = BASELINE.slice();
  const view = new DataView(bytes.buffer, verifyJpeg(bytes).frameOffset + 5);
  view.setUint16(0, height);
  view.setUint16(2, width);
  return bytes;
}

const REFUSED: readonly (readonly [string, Uint8Array, RegExp])[] = [
  ["an empty file", new Uint8Array(0), /an empty file, wanted a PNG or JPEG image/],
  ["a GIF", text("GIF89a"), /byte 0: looks like a GIF, wanted a PNG or JPEG/],
  ["a WebP", text("RIFF\x10\0\0\0WEBPVP8 "), /looks like a WebP/],
  ["a BMP", text("BM\x10\0"), /looks like a BMP/],
  ["a TIFF", text("II*\0"), /looks like a TIFF/],
  ["a big-endian TIFF", text("MM\0*"), /looks like a TIFF/],
  ["an AVIF", text("\0\0\0\x1cftypavif"), /looks like an AVIF or HEIC/],
  ["a web page", text("<!DOCTYPE html>"), /a web page, wanted a PNG or JPEG image/],
  ["a PDF", text("%PDF-1.7"), /looks like a PDF/],
  ["prose", text("a cute cat"), /no known kind of image/],
  ["half a signature", SIGNATURE.slice(0, 4), /no known kind of image/],
  ["a damaged PNG", pngWith().slice(0, -1), /cut short inside a chunk/],
  ["a damaged JPEG", BASELINE.slice(0, -1), /cut short inside a scan/],
  ["a PNG of one line too wide", png(16_385, 1), /byte 16: 16385x1 pixels, wanted at most 16384/],
  ["a PNG of too many pixels", png(8001, 8000), /byte 16: 8001x8000 pixels, .* 64 million/],
  ["a tall JPEG", jpeg(1, 16_385), /byte \d+: 1x16385 pixels/],
  ["a large JPEG", jpeg(8000, 8001), /byte \d+: 8000x8001 pixels/],
];

for (const [what, bytes, wanted] of REFUSED) {
  Deno.test(`verifyImage() refuses ${what}`, () => {
    assert.throws(() => verifyImage(bytes, { file: "in.png" }), (error) => {
      assert(error instanceof FormatError, String(error));
      assert.match(error.message, wanted);
      assert.match(error.message, /^in\.png: (byte \d+: |an? )[^\n]*$/);
      return true;
    });
  });
}

Deno.test("verifyImage() recognises images by their bytes, up to the largest size", () => {
  assert.deepEqual(verifyImage(pngWith()), {
    kind: "png",
    width: 1,
    height: 1,
    orientation: 1,
    length: 67,
  });
  assert.deepEqual(verifyImage(png(16_384, 3906)).width, 16_384);
  assert.deepEqual(verifyImage(png(8000, 8000)).height, 8000);
  const { kind, width, height } = verifyImage(jpeg(8000, 8000));
  assert.deepEqual([kind, width, height], ["jpeg", 8000, 8000]);
  assert.equal(verifyImage(join(BASELINE, text("more"))).length, BASELINE.length);
});
