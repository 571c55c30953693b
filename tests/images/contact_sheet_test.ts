import assert from "node:assert/strict";
import type { Image } from "../../src/images/image.ts";
import { contactSheet } from "../../src/images/contact_sheet.ts";

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

Deno.test("contactSheet() refuses an empty list and images of two sizes", () => {
  assert.throws(() => contactSheet([], { columns: 2 }), RangeError);
  assert.throws(
    () => contactSheet([plain(2, 2, 0), plain(2, 3, 0)], { columns: 2 }),
    /image 1 is 2x3/,
  );
});

Deno.test("contactSheet() writes a title above and captions below the images", () => {
  const images = [plain(30, 10, 90), plain(30, 10, 90), plain(30, 10, 90)];
  const captions = ["l", "round 2"]; // five letters a line
  const sheet = contactSheet(images, { columns: 2, gap: 1, title: "i", captions });
  const head = 9 + 1, cell = 10 + (2 * 9 + 1) + 1;
  assert.deepEqual([sheet.width, sheet.height], [63, head + 2 * cell + 1]);
  assert.equal(pixel(sheet, 1, head + 1), 90);
  assert.equal(pixel(sheet, 1, head + 1 + cell), 90);
  const black = (x: number, y: number, width: number, height: number) =>
    Array.from(
      { length: height },
      (_, dy) =>
        Array.from({ length: width }, (_, dx) => pixel(sheet, x + dx, y + dy) === 0 ? "#" : ".")
          .join(""),
    );
  assert.deepEqual(black(1, 1, 5, 7), [
    "..#..",
    ".....",
    ".##..",
    "..#..",
    "..#..",
    "..#..",
    ".###.",
  ]);
  const l = [".##..", "..#..", "..#..", "..#..", "..#..", "..#..", ".###."];
  assert.deepEqual(black(1, head + 12, 5, 7), l);
  assert.ok(black(32, head + 12, 30, 8).join("").includes("#"));
  assert.ok(black(32, head + 21, 5, 8).join("").includes("#"), "the second line");
  assert.ok(!black(1, head + cell + 12, 30, 18).join("").includes("#"), "no third caption");
});

Deno.test("contactSheet() omits captions if no word fits", () => {
  const sheet = contactSheet([plain(8, 8, 0)], { columns: 1, title: "dog", captions: ["round 1"] });
  assert.deepEqual([sheet.width, sheet.height], [12, 12]);
});
