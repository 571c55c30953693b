import assert from "node:assert/strict";
import { verifyPng } from "../../src/formats/image/png.ts";
import type { Image } from "../../src/images/image.ts";
import { contactSheet, encodePng } from "../../src/images/encode_png.ts";

function plain(width: number, height: number, level: number): Image {
  return { width, height, data: new Uint8Array(width * height * 3).fill(level) };
}

const pixel = (image: Image, x: number, y: number) => image.data[(y * image.width + x) * 3];

Deno.test("contactSheet() lays images out row by row with a gap around each", () => {
  const sheet = contactSheet([plain(2, 3, 10), plain(2, 3, 20), plain(2, 3, 30)], {
    columns: 2,
    gap: 1,
  });
  assert.deepEqual([sheet.width, sheet.height], [7, 9]);
  assert.equal(pixel(sheet, 1, 1), 10);
  assert.equal(pixel(sheet, 2, 3), 10);
  assert.equal(pixel(sheet, 4, 1), 20);
  assert.equal(pixel(sheet, 1, 5), 30);
  assert.equal(pixel(sheet, 3, 1), 224);
  assert.equal(pixel(sheet, 4, 5), 224);
});

Deno.test("contactSheet() refuses nothing and images of two sizes", () => {
  assert.throws(() => contactSheet([], { columns: 2 }), RangeError);
  assert.throws(
    () => contactSheet([plain(2, 2, 0), plain(2, 3, 0)], { columns: 2 }),
    /image 1 is 2x3/,
  );
});

Deno.test("encodePng() gives a sound PNG that decodes to the same pixels", async () => {
  const image: Image = {
    width: 3,
    height: 2,
    data: Uint8Array.from({ length: 18 }, (_, i) => i * 14),
  };
  const png = await encodePng(image);
  verifyPng(png);
  const { Image } = await import("imagescript");
  const decoded = await Image.decode(png);
  const rgb = decoded.bitmap.filter((_: number, i: number) => i % 4 !== 3);
  assert.deepEqual([...rgb], [...image.data]);
  await new Promise((resolve) => setTimeout(resolve, 1100)); // longer than the resolution of a creation time
  assert.deepEqual(await encodePng(image), png);
  assert.deepEqual(verifyPng(png).chunks.map((chunk) => chunk.type), ["IHDR", "IDAT", "IEND"]);
});
