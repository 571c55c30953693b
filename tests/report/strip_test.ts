import assert from "node:assert/strict";
import { decodePng } from "../../src/images/png_pixels.ts";
import type { Image } from "../../src/images/image.ts";
import { pngUri, strip } from "../../src/report/strip.ts";

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

Deno.test("pngUri() preserves every pixel", () => {
  const many = image([64, 64], (x, y) => [4 * x, 4 * y, (x * y) % 256]);
  const png = Uint8Array.fromBase64(pngUri(many).replace("data:image/png;base64,", ""));
  assert.deepEqual(pixels(png), many);
});

Deno.test("strip() places images side by side, at most 64 pixels high and wide", () => {
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
