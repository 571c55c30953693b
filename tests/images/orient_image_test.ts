import assert from "node:assert/strict";
import type { Image } from "../../src/images/image.ts";
import { orientImage } from "../../src/images/orient_image.ts";
import { readImage } from "../../src/images/read_image.ts";
import { BASELINE, exifSegment, withSegment } from "./jpeg_fixture.ts";

/** Red levels 0 1 2 / 3 4 5. */
const SOURCE: Image = {
  width: 3,
  height: 2,
  data: Uint8Array.from({ length: 18 }, (_, i) => i % 3 === 0 ? i / 3 : 100 + i),
};

/** Width, and red levels, that Pillow 13.0's ImageOps.exif_transpose makes of it. */
const BY_PILLOW: readonly (readonly [width: number, levels: readonly number[]])[] = [
  [3, [0, 1, 2, 3, 4, 5]],
  [3, [2, 1, 0, 5, 4, 3]],
  [3, [5, 4, 3, 2, 1, 0]],
  [3, [3, 4, 5, 0, 1, 2]],
  [2, [0, 3, 1, 4, 2, 5]],
  [2, [3, 0, 4, 1, 5, 2]],
  [2, [5, 2, 4, 1, 3, 0]],
  [2, [2, 5, 1, 4, 0, 3]],
];

Deno.test("orientImage() rotates and mirrors like Pillow", () => {
  BY_PILLOW.forEach(([width, levels], i) => {
    const turned = orientImage(SOURCE, i + 1);
    assert.deepEqual([turned.width, turned.height], [width, 6 / width], `orientation ${i + 1}`);
    const pixels = levels.flatMap((level) => [...SOURCE.data.subarray(level * 3, level * 3 + 3)]);
    assert.deepEqual([...turned.data], pixels, `orientation ${i + 1}`);
  });
});

Deno.test("readImage() applies the Exif orientation of a JPEG", async () => {
  const plain = await readImage(BASELINE, { file: "t.jpg" });
  const turned = await readImage(withSegment(BASELINE, exifSegment(6)), { file: "t.jpg" });
  assert.deepEqual(turned, orientImage(plain, 6));
  assert.deepEqual([turned.width, turned.height], [5, 9]);
});
