import assert from "node:assert/strict";
import { deflateSync } from "node:zlib";
import { FormatError } from "../../src/errors.ts";
import type { Image } from "../../src/images/image.ts";
import { encodePng } from "../../src/images/encode_png.ts";
import { readImage } from "../../src/images/read_image.ts";
import { orientImage } from "../../src/images/orient_image.ts";
import {
  adobeSegment,
  BASELINE,
  BASELINE_PIXELS,
  exifSegment,
  GREY,
  PROGRESSIVE,
  withSegment,
} from "./jpeg_fixture.ts";
import { chunk, header, IEND, join, SIGNATURE } from "./png_fixture.ts";
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

Deno.test("readImage() reads images of encodePng()", async () => {
  assert.deepEqual(await readImage(encodePng(IMAGE), { file: "t.png" }), IMAGE);
});

Deno.test("readImage() resizes to the wanted size", async () => {
  const png = encodePng(IMAGE);
  const { width, height, data } = await readImage(png, { file: "t.png", width: 8, height: 16 });
  assert.deepEqual([width, height, data.length], [8, 16, 384]);
  assert.deepEqual([...data.subarray(0, 3)], [...IMAGE.data.subarray(0, 3)]);
});

Deno.test("readImage() blends transparent pixels with white", async () => {
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

Deno.test("readImage() reads the first image of a file with an appended one", async () => {
  const wanted = await readImage(BASELINE, { file: "t.jpg" });
  assert.deepEqual(await readImage(join(BASELINE, GREY), { file: "t.jpg" }), wanted);
});

/** An image of tests/fixtures/images. */
async function fixture(file: string): Promise<Image> {
  return await readImage(await Deno.readFile(`tests/fixtures/images/${file}`), { file });
}

Deno.test("readImage() applies Exif orientation of PNG and JPEG, for all types and byte orders", async () => {
  for (const name of ["exif3", "exif6", "exif8"]) {
    assert.deepEqual(await fixture(`${name}.png`), await fixture(`${name}_upright.png`), name);
  }
  const stored = await readImage(BASELINE, { file: "t.jpg" });
  const turned = orientImage(stored, 6);
  for (const type of [3, 4]) {
    const bytes = withSegment(BASELINE, exifSegment(6, false, type));
    assert.deepEqual(await readImage(bytes, { file: "t.jpg" }), turned);
  }
  // 40x24 as stored, orientation 6 as a big-endian SHORT.
  const { width, height } = await fixture("o_short_be.jpg");
  assert.deepEqual([width, height], [24, 40]);
});

Deno.test("readImage() reads PNG with surplus data like libpng", async () => {
  const plain = await fixture("plain.png");
  for (const file of ["tail.png", "tail_zip.png", "idat_toolong.png"]) {
    assert.deepEqual(await fixture(file), plain, file);
  }
  const pixel = async (
    file: string,
    at: number,
  ) => [...(await fixture(file)).data.subarray(at, at + 3)];
  // As Pillow 13 has them: grey with a useless palette; colours 10 and 2 of a palette of 5.
  assert.deepEqual(await pixel("plte_grey.png", 0), [76, 76, 76]);
  assert.deepEqual(await pixel("plte_grey.png", 3 * 8), [39, 39, 39]);
  assert.deepEqual(await pixel("pal_short.png", 0), [0, 0, 0]);
  assert.deepEqual(await pixel("pal_short.png", 3 * 352), [204, 135, 150]);
});

Deno.test("readImage() chooses the colour space of JPEG like libjpeg", async () => {
  const red = await fixture("jpeg_rgb_component_ids.jpg");
  assert.deepEqual([...red.data.subarray(0, 3)], [200, 30, 60]);
  const wanted = await readImage(BASELINE, { file: "t.jpg" });
  for (const transform of [0, 1, 2]) {
    // BASELINE has a JFIF segment, which says YCbCr whatever Adobe's says.
    const bytes = withSegment(BASELINE, adobeSegment(transform));
    assert.deepEqual(await readImage(bytes, { file: "t.jpg" }), wanted, `transform ${transform}`);
  }
  const inks = await fixture("cmyk.jpg");
  const converted = await fixture("cmyk_as_rgb.png");
  assert.ok(apart(inks.data, converted.data) <= 2, `${apart(inks.data, converted.data)} levels`);
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
