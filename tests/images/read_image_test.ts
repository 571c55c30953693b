import assert from "node:assert/strict";
import { deflateSync } from "node:zlib";
import { FormatError } from "../../src/errors.ts";
import type { Image } from "../../src/images/image.ts";
import { encodePng } from "../../src/images/encode_png.ts";
import { readImage } from "../../src/images/read_image.ts";
import { BASELINE, BASELINE_PIXELS, GREY, PROGRESSIVE } from "../formats/image/jpeg_fixture.ts";
import { chunk, header, IEND, join, SIGNATURE } from "../formats/image/png_fixture.ts";
import { type FuzzTarget, mutant, Random } from "../support/fuzz.ts";

const IMAGE: Image = {
  width: 3,
  height: 2,
  data: Uint8Array.from({ length: 18 }, (_, i) => i * 14),
};

function apart(a: Uint8Array, b: Uint8Array): number {
  assert.equal(a.length, b.length);
  return a.reduce((largest, x, i) => Math.max(largest, Math.abs(x - b[i])), 0);
}

Deno.test("readImage() reads back what encodePng() wrote", async () => {
  assert.deepEqual(await readImage(await encodePng(IMAGE), { file: "t.png" }), IMAGE);
});

Deno.test("readImage() resizes to the wanted size", async () => {
  const png = await encodePng(IMAGE);
  const { width, height, data } = await readImage(png, { file: "t.png", width: 8, height: 16 });
  assert.deepEqual([width, height, data.length], [8, 16, 384]);
  assert.deepEqual([...data.subarray(0, 3)], [...IMAGE.data.subarray(0, 3)]);
});

Deno.test("readImage() puts transparent pixels on white", async () => {
  const line = Uint8Array.of(0, 10, 20, 30, 0, 10, 20, 30, 255, 100, 100, 100, 51);
  const format = [8, 6, 0, 0, 0];
  const png = join(
    SIGNATURE,
    header({ width: 3, format }),
    chunk("IDAT", deflateSync(line)),
    IEND,
  );
  const { data } = await readImage(png, { file: "t.png" });
  assert.deepEqual([...data], [255, 255, 255, 10, 20, 30, 224, 224, 224]);
});

Deno.test("readImage() decodes JPEG to the pixels of another decoder", async () => {
  const { width, height, data } = await readImage(BASELINE, { file: "t.jpg" });
  assert.deepEqual([width, height], [9, 5]);
  assert.ok(apart(data, BASELINE_PIXELS) <= 4, `${apart(data, BASELINE_PIXELS)} levels`);
  const progressive = await readImage(PROGRESSIVE, { file: "t.jpg" });
  assert.ok(apart(progressive.data, data) <= 1);
  const grey = await readImage(GREY, { file: "t.jpg" });
  assert.ok(grey.data.every((level, i) => level === grey.data[i - i % 3]));
});

Deno.test("readImage() reads the first image of a file that a phone appended to", async () => {
  const wanted = await readImage(BASELINE, { file: "t.jpg" });
  assert.deepEqual(await readImage(join(BASELINE, GREY), { file: "t.jpg" }), wanted);
});

/** Mutants of JPEG; their number is small, for a decoder is made for each. */
const MUTANTS: FuzzTarget = {
  name: "image",
  parse: () => undefined,
  seeds: [BASELINE, PROGRESSIVE, GREY],
  tokens: [Uint8Array.of(0xff, 0xd9), Uint8Array.of(0xff, 0xc4), Uint8Array.of(0xff)],
};

Deno.test("readImage() decodes or refuses each of 500 damaged JPEGs, seed 5", async () => {
  const random = new Random(5);
  let [read, refused, byDecoder] = [0, 0, 0];
  for (let i = 0; i < 500; i++) {
    const bytes = mutant(MUTANTS, random);
    try {
      const { width, height, data } = await readImage(bytes, {
        file: "t.jpg",
        width: 8,
        height: 8,
      });
      assert.deepEqual([width, height, data.length], [8, 8, 192]);
      read++;
    } catch (error) {
      assert(error instanceof FormatError, String(error));
      assert.match(error.message, /^t\.jpg: [^\n]*$/);
      if (/cannot be decoded/.test(error.message)) byDecoder++;
      refused++;
    }
  }
  assert.ok(read > 20 && refused > 50 && byDecoder > 5, `${read} ${refused} ${byDecoder}`);
});
