import assert from "node:assert/strict";
import Packer from "npm:pngjs@7.0.0/lib/packer.js";
import { verifyPng } from "../../src/images/png.ts";
import { decodePng } from "../../src/images/png_pixels.ts";
import { encodePng } from "../../src/images/encode_png.ts";
import type { Image } from "../../src/images/image.ts";

/** Bytes that no filter predicts well, so that rows are long. */
const noise = (width: number, height: number): Image => {
  let state = 1;
  const next = () => (state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff) >> 16;
  return { width, height, data: Uint8Array.from({ length: width * height * 3 }, next) };
};

for (const [width, height] of [[1, 1], [3, 2], [257, 65]]) {
  Deno.test(`encodePng() writes a valid PNG that decodes to the same pixels, ${width}x${height}`, () => {
    const image = noise(width, height), png = encodePng(image);
    verifyPng(png);
    const { data } = decodePng(png);
    assert.deepEqual(data.filter((_, i) => i % 4 !== 3), image.data);
    assert.ok(data.every((value, i) => i % 4 !== 3 || value === 255));
    assert.deepEqual(encodePng(image), png);
    const types = new Set(verifyPng(png).chunks.map((chunk) => chunk.type));
    assert.deepEqual([...types], ["IHDR", "IDAT", "IEND"]);
  });
}

Deno.test("encodePng() needs no permission", async () => {
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: ["test", "--no-prompt", "--permit-no-files", "--filter", "/3x2$/", import.meta.filename!],
  }).output();
  assert.equal(code, 0);
});

Deno.test("encodePng() opens no zlib stream, whose memory Deno would never free", () => {
  const { createDeflate } = Packer.prototype;
  Packer.prototype.createDeflate = () => assert.fail("a stream");
  try {
    verifyPng(encodePng(noise(4, 4)));
  } finally {
    Packer.prototype.createDeflate = createDeflate;
  }
});
