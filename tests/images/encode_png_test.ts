import assert from "node:assert/strict";
import { verifyPng } from "../../src/formats/image/png.ts";
import type { Image } from "../../src/images/image.ts";
import { encodePng } from "../../src/images/encode_png.ts";

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
