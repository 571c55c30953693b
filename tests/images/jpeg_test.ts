import assert from "node:assert/strict";
import { FormatError } from "../../src/errors.ts";
import { verifyJpeg } from "../../src/images/jpeg.ts";
import {
  adobeSegment,
  BASELINE,
  exifSegment,
  GREY,
  PROGRESSIVE,
  withSegment,
} from "./jpeg_fixture.ts";
import { join } from "./png_fixture.ts";

const { frameOffset: FRAME } = verifyJpeg(BASELINE);
/** Offset of the scan's marker. */
const SCAN = BASELINE.findLastIndex((byte, i) => byte === 0xff && BASELINE[i + 1] === 0xda);

function changed(at: number, ...values: number[]): Uint8Array {
  const bytes = BASELINE.slice();
  bytes.set(values, at);
  return bytes;
}

/** The file with `piece` put in at an offset. */
function withPiece(at: number, ...piece: number[]): Uint8Array {
  return join(BASELINE.subarray(0, at), Uint8Array.from(piece), BASELINE.subarray(at));
}

const LIES: readonly (readonly [string, Uint8Array, RegExp])[] = [
  ["an empty file", new Uint8Array(0), /byte 0: no JPEG signature/],
  ["a signature alone", BASELINE.slice(0, 2), /byte 2: cut short before EOI/],
  ["a file without its tail", BASELINE.slice(0, -10), /byte 323: cut short inside a scan/],
  ["a file without EOI", BASELINE.slice(0, -2), /byte 331: cut short inside a scan/],
  ["a file without its last byte", BASELINE.slice(0, -1), /byte 332: cut short inside a scan/],
  ["a length past the end", changed(4, 0xff, 0xff), /byte 2: segment 0xe0 claims 65535 bytes/],
  ["a length of 1", changed(4, 0, 1), /byte 2: segment 0xe0 claims 1 bytes/],
  ["a byte that is no marker", withPiece(2, 7), /byte 2: wanted a marker, met 0x07/],
  ["a second SOI", withPiece(2, 0xff, 0xd8), /byte 2: marker 0xd8 out of place/],
  ["a restart outside a scan", withPiece(2, 0xff, 0xd0), /byte 2: marker 0xd0 out of place/],
  ["a reserved marker", withPiece(2, 0xff, 0x02), /byte 2: marker 0x02 out of place/],
  ["EOI at once", withPiece(2, 0xff, 0xd9), /byte 2: EOI before any image/],
  ["EOI after the frame", withPiece(SCAN, 0xff, 0xd9), /EOI before any image/],
  ["a scan before the frame", withPiece(2, 0xff, 0xda, 0, 2), /byte 2: a scan before the frame/],
  [
    "a second frame",
    withPiece(SCAN, ...BASELINE.subarray(FRAME, FRAME + 19)),
    /a second frame/,
  ],
  ["a lossless frame", changed(FRAME, 0xff, 0xc3), /frame 0xc3 is lossless/],
  ["an arithmetic frame", changed(FRAME, 0xff, 0xc9), /frame 0xc9 is lossless, .* or arithmetic/],
  ["12 bits", changed(FRAME + 4, 12), /3 components of 12 bits/],
  ["two components of three", changed(FRAME + 9, 2), /a frame of 15 bytes/],
  ["no height", changed(FRAME + 5, 0, 0), /size 9x0/],
  ["no width", changed(FRAME + 7, 0, 0), /size 0x5/],
  [
    "101 scans",
    join(
      BASELINE.subarray(0, SCAN),
      ...Array.from({ length: 101 }, () => Uint8Array.of(0xff, 0xda, 0, 2, 1)),
      Uint8Array.of(0xff, 0xd9),
    ),
    /more than 100 scans/,
  ],
];

for (const [lie, bytes, wanted] of LIES) {
  Deno.test(`verifyJpeg() refuses ${lie}`, () => {
    assert.throws(() => verifyJpeg(bytes, { file: "t.jpg" }), (error) => {
      assert(error instanceof FormatError, String(error));
      assert.match(error.message, wanted);
      assert.match(error.message, /^t\.jpg: byte \d+: [^\n]*$/);
      return true;
    });
  });
}

Deno.test("verifyJpeg() reads size and components of baseline, progressive and grey files", () => {
  for (const [bytes, components] of [[BASELINE, 3], [PROGRESSIVE, 3], [GREY, 1]] as const) {
    const { width, height, length, ...rest } = verifyJpeg(bytes);
    assert.deepEqual([width, height, rest.components, length], [9, 5, components, bytes.length]);
  }
});

Deno.test("verifyJpeg() returns the end of the image if another one is appended", () => {
  assert.equal(verifyJpeg(join(BASELINE, GREY)).length, BASELINE.length);
});

Deno.test("verifyJpeg() accepts fill bytes before a marker and restarts in a scan", () => {
  assert.equal(verifyJpeg(withPiece(2, 0xff, 0xff)).length, BASELINE.length + 2);
  const inScan = BASELINE.length - 10;
  assert.equal(verifyJpeg(withPiece(inScan, 0xff, 0xd0)).length, BASELINE.length + 2);
});

Deno.test("verifyJpeg() refuses every truncation", () => {
  for (const file of [BASELINE, PROGRESSIVE, GREY]) {
    for (let length = 0; length < file.length; length++) {
      assert.throws(() => verifyJpeg(file.slice(0, length)), FormatError, `length ${length}`);
    }
  }
});

Deno.test("verifyJpeg() finds the colour space like libjpeg: by JFIF, Adobe, component names", () => {
  const jfifLength = 20;
  const bare = join(BASELINE.subarray(0, 2), BASELINE.subarray(jfifLength));
  const named = bare.slice();
  const frame = FRAME - jfifLength + 2;
  for (const [i, letter] of [...new TextEncoder().encode("RGB")].entries()) {
    named[frame + 10 + 3 * i] = letter;
  }
  const coloursOf = (bytes: Uint8Array) => verifyJpeg(bytes).colours;
  assert.deepEqual([GREY, BASELINE, bare, named].map(coloursOf), ["grey", "YCbCr", "YCbCr", "RGB"]);
  for (const [transform, colours] of [[0, "RGB"], [1, "YCbCr"], [2, "YCbCr"]] as const) {
    assert.equal(coloursOf(withSegment(bare, adobeSegment(transform))), colours);
    assert.equal(coloursOf(withSegment(BASELINE, adobeSegment(transform))), "YCbCr");
  }
  assert.equal(coloursOf(withSegment(named, adobeSegment(1))), "YCbCr");
  const cmyk = Deno.readFileSync("tests/fixtures/images/cmyk.jpg");
  assert.equal(coloursOf(cmyk), "CMYK");
  assert.equal(coloursOf(withSegment(cmyk, exifSegment(1))), "CMYK");
});
