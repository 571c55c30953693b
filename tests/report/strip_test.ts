import assert from "node:assert/strict";
import { encodeIndexedPng } from "../../src/images/indexed_png.ts";
import { decodePng } from "../../src/images/png_pixels.ts";
import type { Image } from "../../src/images/image.ts";
import { fewColours } from "../../src/report/few_colours.ts";
import { strip } from "../../src/report/strip.ts";

/** Pixels by a function of column and row. */
function image(
  [width, height]: [number, number],
  colour: (x: number, y: number) => [number, number, number],
): Image {
  const data = new Uint8Array(3 * width * height);
  for (let i = 0; i < width * height; i++) {
    data.set(colour(i % width, Math.floor(i / width)), 3 * i);
  }
  return { width, height, data };
}

function pixels(png: Uint8Array): { width: number; height: number; data: Uint8Array } {
  const { width, height, data } = decodePng(png, { file: "small.png" });
  return { width, height, data: Uint8Array.from(data.filter((_, i) => i % 4 !== 3)) };
}

Deno.test("encodeIndexedPng() of fewColours() keeps an image of few colours to the bit", () => {
  const few = image([13, 7], (x, y) => [(x * 40) % 256, y > 3 ? 255 : 0, x % 2 ? 8 : 200]);
  const read = pixels(encodeIndexedPng(fewColours(few)));
  assert.deepEqual(read, few);
});

Deno.test("fewColours() stays near an image of many colours", () => {
  const many = image([64, 64], (x, y) => [4 * x, 4 * y, (x * y) % 256]);
  const { palette, indexes } = fewColours(many);
  assert.equal(palette.length, 3 * 256);
  let square = 0;
  indexes.forEach((colour, i) => {
    for (let c = 0; c < 3; c++) square += (palette[3 * colour + c] - many.data[3 * i + c]) ** 2;
  });
  const rms = Math.sqrt(square / many.data.length);
  assert.ok(rms < 14, `RMS ${rms}`);
});

Deno.test("strip() puts images side by side, no side above 64 pixels", () => {
  const plain = (level: number) => image([128, 64], () => [level, level, level]);
  const { uri, width, height, count } = strip([plain(0), plain(80), plain(240)]);
  assert.deepEqual([width, height, count], [64, 32, 3]);
  const read = pixels(Uint8Array.fromBase64(uri.replace("data:image/png;base64,", "")));
  assert.deepEqual([read.width, read.height], [192, 32]);
  assert.deepEqual([0, 63, 64, 127, 128, 191].map((x) => read.data[3 * x]), [
    0,
    0,
    80,
    80,
    240,
    240,
  ]);
});
