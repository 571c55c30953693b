import assert from "node:assert/strict";
import { drawable, drawText, wrapText } from "../../src/images/draw_text.ts";

function drawn(text: string): string[] {
  const image = { width: 6 * text.length, height: 8, data: new Uint8Array(144 * text.length) };
  image.data.fill(255);
  drawText(image, text, { x: 0, y: 0 });
  return Array.from(
    { length: 8 },
    (_, y) =>
      Array.from(
        { length: image.width },
        (_, x) => image.data[3 * (y * image.width + x)] ? "." : "#",
      )
        .join(""),
  );
}

Deno.test("drawText() draws letters five pixels wide, with descenders", () => {
  assert.deepEqual(drawn("Ag"), [
    ".###........",
    "#...#.......",
    "#...#..####.",
    "#####.#...#.",
    "#...#.#...#.",
    "#...#..####.",
    "#...#.....#.",
    ".......###..",
  ]);
});

Deno.test("drawText() has a distinct glyph for each printable ASCII character, and refuses others", () => {
  const all = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i));
  assert.equal(new Set(all.map((letter) => drawn(letter).join())).size, 95);
  assert.ok(drawn(" ").every((row) => row === "......"));
  assert.throws(() => drawn("é"), /no glyph for "é"/);
});

Deno.test("drawText() clips text at the edges", () => {
  const image = { width: 2, height: 3, data: new Uint8Array(18).fill(255) };
  drawText(image, "H", { x: 0, y: 0 });
  assert.deepEqual([...image.data].filter((_, i) => i % 3 === 0), [0, 255, 0, 255, 0, 255]);
});

Deno.test("drawable() removes accents and control characters, and replaces other letters", () => {
  assert.equal(drawable(" un\u00a0café\n naïf\u0007"), "un cafe naif?");
  assert.equal(drawable("犬 🐕 dog"), "? ? dog");
});

Deno.test("wrapText() breaks between words, breaks long words, and marks a cut", () => {
  const wrap = (text: string) => wrapText(text, { columns: 10, lines: 2 });
  assert.deepEqual(wrap(""), []);
  assert.deepEqual(wrap("cat face"), ["cat face"]);
  assert.deepEqual(wrap("ten chars!"), ["ten chars!"]);
  assert.deepEqual(wrap("a cat with a hat"), ["a cat with", "a hat"]);
  assert.deepEqual(wrap("incomprehensibility"), ["incomprehe", "nsibility"]);
  assert.deepEqual(wrap("a photo of a very large dog"), ["a photo of", "a very..."]);
});
