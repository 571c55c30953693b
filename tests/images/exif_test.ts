import assert from "node:assert/strict";
import { exifOrientation, pngOrientation } from "../../src/images/exif.ts";
import { verifyJpeg } from "../../src/images/jpeg.ts";
import { BASELINE, exifSegment, withSegment } from "./jpeg_fixture.ts";

/** What follows the length field. */
const data = (segment: Uint8Array) => segment.subarray(4);

Deno.test("exifOrientation() reads BYTE, SHORT and LONG in both byte orders", () => {
  for (const type of [1, 3, 4]) {
    for (const little of [true, false]) {
      for (let orientation = 1; orientation <= 8; orientation++) {
        const segment = data(exifSegment(orientation, little, type));
        assert.equal(exifOrientation(segment), orientation, `type ${type}, little ${little}`);
      }
    }
  }
  assert.equal(exifOrientation(data(exifSegment(6, true, 5))), undefined);
});

Deno.test("pngOrientation() reads Exif data with and without a JPEG's signature", () => {
  const segment = data(exifSegment(6, false, 4));
  assert.equal(pngOrientation(segment), 6);
  assert.equal(pngOrientation(segment.subarray(6)), 6);
  assert.equal(pngOrientation(segment.subarray(8)), undefined);
});

Deno.test("exifOrientation() is undefined for a missing or invalid field", () => {
  const sound = data(exifSegment(6));
  assert.equal(exifOrientation(data(exifSegment(0))), undefined);
  assert.equal(exifOrientation(data(exifSegment(9))), undefined);
  assert.equal(exifOrientation(new TextEncoder().encode("http://ns.adobe.com/xap")), undefined);
  for (let length = 0; length < 26; length++) {
    assert.equal(exifOrientation(sound.subarray(0, length)), undefined, `${length} bytes`);
  }
  for (const [at, value] of [[6, 0], [10, 0xff], [13, 0xff], [16, 0x13]]) {
    const damaged = sound.slice();
    damaged[at] = value;
    assert.equal(exifOrientation(damaged), undefined, `byte ${at}`);
  }
});

Deno.test("verifyJpeg() returns the orientation of the first Exif segment, 1 without one", () => {
  assert.equal(verifyJpeg(BASELINE).orientation, 1);
  const turned = withSegment(BASELINE, exifSegment(8));
  assert.equal(verifyJpeg(turned).orientation, 8);
  assert.equal(verifyJpeg(withSegment(turned, exifSegment(3))).orientation, 3);
});
