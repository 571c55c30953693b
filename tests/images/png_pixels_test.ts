import assert from "node:assert/strict";
import { deflateSync } from "node:zlib";
import { FormatError } from "../../src/errors.ts";
import { decodePng } from "../../src/images/png_pixels.ts";
import { chunk, header, IEND, join, pngWith, SIGNATURE } from "./png_fixture.ts";

/** Made by tests/fixtures/make_png_cases.py. */
const CASES: { name: string; png: string; rgba: string }[] = JSON.parse(
  Deno.readTextFileSync("tests/fixtures/png_cases.json"),
);

for (const { name, png, rgba } of CASES) {
  Deno.test(`decodePng() decodes ${name}`, () => {
    const image = decodePng(Uint8Array.fromBase64(png));
    assert.deepEqual([image.width, image.height], [9, 7]);
    assert.deepEqual(image.data, Uint8Array.fromBase64(rgba));
  });
}

Deno.test("decodePng() decodes images narrower than an interlacing pass", () => {
  const interlaced = header({ format: [8, 0, 0, 0, 1] });
  const png = join(SIGNATURE, interlaced, chunk("IDAT", deflateSync(Uint8Array.of(0, 7))), IEND);
  assert.deepEqual([...decodePng(png).data], [7, 7, 7, 255]);
});

const withPixels = (
  stored: Uint8Array,
  format: number[] = [8, 0, 0, 0, 0],
  ...more: Uint8Array[]
) => join(SIGNATURE, header({ format }), ...more, chunk("IDAT", stored), IEND);

Deno.test("decodePng() decodes a colour outside the palette as black", () => {
  const palette = chunk("PLTE", Uint8Array.of(9, 8, 7));
  const png = (index: number) =>
    withPixels(deflateSync(Uint8Array.of(0, index)), [8, 3, 0, 0, 0], palette);
  assert.deepEqual([...decodePng(png(0)).data], [9, 8, 7, 255]);
  assert.deepEqual([...decodePng(png(1)).data], [0, 0, 0, 255]);
  assert.deepEqual([...decodePng(png(255)).data], [0, 0, 0, 255]);
});

Deno.test("decodePng() ignores data after the pixels, deflated or not", () => {
  const deflated = deflateSync(Uint8Array.of(0, 7, 1, 2, 3));
  assert.deepEqual([...decodePng(withPixels(deflated)).data], [7, 7, 7, 255]);
  const bytes = join(deflateSync(Uint8Array.of(0, 7)), Uint8Array.of(1, 2, 3));
  assert.deepEqual([...decodePng(withPixels(bytes)).data], [7, 7, 7, 255]);
});

const REFUSED: readonly (readonly [string, Uint8Array, RegExp])[] = [
  ["a broken file", pngWith().slice(0, -1), /byte \d+: cut short/],
  ["pixels that are not deflated", withPixels(Uint8Array.of(1, 2, 3)), /byte 33: .*not inflate/],
  ["no pixels", withPixels(new Uint8Array(0)), /byte 33: .*not inflate to the 2 bytes of 1x1/],
  ["too few pixels", withPixels(deflateSync(Uint8Array.of(0))), /not inflate to the 2 bytes/],
  ["pixels cut short", withPixels(deflateSync(Uint8Array.of(0, 7)).subarray(0, -4)), /not inflate/],
  ["a bomb", withPixels(deflateSync(new Uint8Array(1e7))), /not inflate to the 2 bytes of 1x1/],
  ["an unknown filter", withPixels(deflateSync(Uint8Array.of(5, 7))), /filter 5 in its pixels/],
];

for (const [what, bytes, wanted] of REFUSED) {
  Deno.test(`decodePng() refuses ${what}`, () => {
    assert.throws(() => decodePng(bytes, { file: "t.png" }), (error) => {
      assert(error instanceof FormatError, String(error));
      assert.match(error.message, wanted);
      assert.match(error.message, /^t\.png: [^\n]*$/);
      return true;
    });
  });
}
