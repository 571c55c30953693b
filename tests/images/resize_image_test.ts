import assert from "node:assert/strict";
import type { Image } from "../../src/images/image.ts";
import { resizeImage } from "../../src/images/resize_image.ts";

/**
 * 7x5 random bytes, and what Pillow 13.0's `resize((width, height), Image.BILINEAR)` makes of them.
 */
const SOURCE: Image = {
  width: 7,
  height: 5,
  data: Uint8Array.fromBase64(
    "+MK+z5Ma7RX10+8tBZ2fPDbsbS7HUiDNJAeG3jmSCJUODxYKkNAYGAcpC1U7aOFu4skInxobo3ohKclDRqbk" +
      "KDKzALGJPw28/0BeCAicGR2dkr5z24cnZO1/SOOoFUmEEJmMa1CjPW4v",
  ),
};
const BY_PILLOW: readonly (readonly [width: number, height: number, pixels: string])[] = [
  [
    3,
    2,
    "hWKDe3JMSGluUY97aVtvRm97",
  ],
  [
    10,
    8,
    "+MK+4ahk13RR7Bvq3KNzi9JVCJijLlDZUjLbbS7Hr3vFmGaBnUpq4ifDoI9bU6Q2DmNhS3SDVlCJSB2CTiPE" +
    "ORuhViCG1UCJWXM6E2YOHiUNbqMXWHonGxE1IURpPHVwd51l2pw2l2AhcUoYc2AcVa8vQaRqOHSqFEphMJVt" +
    "YsFpqpFDuEo1ozc4b1lJOIRaPp+LXq7BJjSsFXuYF42SRiCuvDF4qC1vEhCUGCKXTWqKjb16jWJkX6B1O8CP" +
    "Q4muaFyJVUx/EFiUOEKdU2F7YpFN24cnmr9XXeuJSeOmJ3+RE2WHFZWNVGKdVl5vPW4v",
  ],
  [
    7,
    2,
    "dWCmaG1e3EyUdpIeLVdFWJVrQ0CJXFRsOceAbn6LlD5XLlF0PFyEYJd0",
  ],
];

for (const [width, height, pixels] of BY_PILLOW) {
  Deno.test(`resizeImage() resizes 7x5 to ${width}x${height} like Pillow`, () => {
    const resized = resizeImage(SOURCE, { width, height });
    assert.deepEqual([resized.width, resized.height], [width, height]);
    const wanted = Uint8Array.fromBase64(pixels);
    assert.equal(resized.data.length, wanted.length);
    // Pillow rounds to a byte after each of the two directions.
    const apart = Math.max(...resized.data.map((level, i) => Math.abs(level - wanted[i])));
    assert.ok(apart <= 1, `${apart} levels apart`);
  });
}

Deno.test("resizeImage() preserves an image of the same size, and a single colour", () => {
  assert.deepEqual(resizeImage(SOURCE, SOURCE), SOURCE);
  const plain: Image = { width: 3, height: 2, data: new Uint8Array(18).fill(201) };
  assert.ok(resizeImage(plain, { width: 16, height: 1 }).data.every((level) => level === 201));
});
