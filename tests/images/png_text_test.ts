import assert from "node:assert/strict";
import { deflateSync } from "node:zlib";
import { FormatError } from "../../src/errors.ts";
import { verifyPng } from "../../src/images/png.ts";
import { insertPngText, readPngText } from "../../src/images/png_text.ts";
import { chunk, join, pngWith } from "./png_fixture.ts";

// Pillow 13.0.0, in base64: Image.new("RGB", (2, 1), (1, 2, 3)) saved with add_text("Title",
// "é\nb"), add_text("Long", "x" * 1000, zip=True), add_itxt("Author", "黑鸭"), add_itxt("Big", "鸭" *
// 300, lang="zh", tkey="大", zip=True).
const PILLOW =
  "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAIAAAB7QOjdAAAACXRFWHRUaXRsZQDpCmLJn+LsAAAAF3pUWHRMb25nAA" +
  "B4nKuoGAWjYBQMdwAAqvTU0Kz9RrwAAAARaVRYdEF1dGhvcgAAAAAA6buR6bitSpxV5QAAACBpVFh0QmlnAAEAemgA" +
  "5aSnAHice7lj7ctRNIpG0cAhAEens4fUv34oAAAAD0lEQVR4nGNkZGJmYGAAAAAqAAjaWO5EAAAAAElFTkSuQmCC";

const text = (string: string) => new TextEncoder().encode(string);

Deno.test("readPngText() reads every kind of text that Pillow writes", () => {
  assert.deepEqual(
    readPngText(Uint8Array.fromBase64(PILLOW)),
    new Map([
      ["Title", "é\nb"],
      ["Long", "x".repeat(1000)],
      ["Author", "黑鸭"],
      ["Big", "鸭".repeat(300)],
    ]),
  );
});

Deno.test("insertPngText() inserts tEXt or iTXt after IHDR, which readPngText() reads", () => {
  const entries = new Map([
    ["parameters", "a\nNegative prompt: é\nSteps: 1"],
    ["parataa", '{"prompt":"黑鸭 🦆"}'],
    ["C1 control", "\u0085"],
    ["Empty", ""],
  ]);
  const png = insertPngText(pngWith(), entries);
  assert.deepEqual(readPngText(png), entries);
  const types = verifyPng(png).chunks.map(({ type }) => type);
  assert.deepEqual(types, ["IHDR", "tEXt", "iTXt", "iTXt", "tEXt", "IDAT", "IEND"]);
});

Deno.test("insertPngText() replaces text of the same keyword, keeps every other chunk", () => {
  const once = insertPngText(
    pngWith(chunk("tEXt", "b\0B"), chunk("gAMA", "1234")),
    new Map([["a", "1"]]),
  );
  const twice = insertPngText(once, new Map([["a", "鸭"]]));
  assert.deepEqual(readPngText(twice), new Map([["a", "鸭"], ["b", "B"]]));
  const types = verifyPng(twice).chunks.map(({ type }) => type);
  assert.deepEqual(types, ["IHDR", "iTXt", "tEXt", "gAMA", "IDAT", "IEND"]);
});

Deno.test("insertPngText() refuses text that PNG cannot store", () => {
  const insert = (keyword: string, value = "") =>
    insertPngText(pngWith(), new Map([[keyword, value]]));
  for (const bad of ["", "x".repeat(80), " a", "a ", "a  b", "a\nb", "a\0", "鸭", "\u00a0"]) {
    assert.throws(() => insert(bad), RangeError, JSON.stringify(bad));
  }
  assert.equal(readPngText(insert("x".repeat(79))).size, 1);
  assert.throws(() => insert("a", "zero\0"), RangeError);
  assert.throws(() => insert("a", "half \ud83e"), RangeError);
  assert.throws(() => insertPngText(pngWith().slice(0, -1), new Map()), FormatError);
});

Deno.test("readPngText() returns the last of several texts with one keyword", () => {
  assert.deepEqual(
    readPngText(pngWith(chunk("tEXt", "a\0first"), chunk("tEXt", "a\0second"))),
    new Map([["a", "second"]]),
  );
});

Deno.test("readPngText() reads Latin-1, not Windows-1252", () => {
  assert.equal(readPngText(pngWith(chunk("tEXt", "a\0\x80\xff"))).get("a"), "\x80\xff");
});

const BAD: readonly (readonly [string, () => Uint8Array, RegExp])[] = [
  ["no keyword end", () => chunk("tEXt", "abc"), /byte 33: tEXt: keyword/],
  ["an empty keyword", () => chunk("tEXt", "\0abc"), /keyword ""/],
  ["a keyword of 80 characters", () => chunk("tEXt", `${"x".repeat(80)}\0`), /keyword/],
  ["a keyword with a line break", () => chunk("tEXt", "a\nb\0c"), /keyword "a\\nb"/],
  ["a zero inside the text", () => chunk("tEXt", "a\0b\0c"), /zero inside its text/],
  ["zTXt without its method", () => chunk("zTXt", "a\0"), /compression method undefined/],
  ["zTXt of an unknown method", () => chunk("zTXt", "a\0\x01"), /compression method 1/],
  ["zTXt that does not inflate", () => chunk("zTXt", "a\0\0xyz"), /cannot be inflated/],
  [
    "zTXt cut short",
    () => join(chunk("zTXt", join(text("a\0\0"), deflateSync(text("abc")).subarray(0, 6)))),
    /cannot be inf/,
  ],
  ["iTXt of an unknown flag", () => chunk("iTXt", "a\0\x02\0\0\0b"), /compression flag 2/],
  ["iTXt of an unknown method", () => chunk("iTXt", "a\0\0\x01\0\0b"), /compression method 1/],
  ["iTXt without a language", () => chunk("iTXt", "a\0\0\0en"), /no end of its language/],
  ["iTXt without a translated keyword", () => chunk("iTXt", "a\0\0\0en\0b"), /no end of its lang/],
  ["iTXt that is not UTF-8", () => chunk("iTXt", "a\0\0\0\0\0\xff"), /not UTF-8/],
  [
    "iTXt that inflates to 17 MiB",
    () =>
      chunk(
        "iTXt",
        join(text("a\0\x01\0\0\0"), deflateSync(new Uint8Array(17 * 2 ** 20).fill(97))),
      ),
    /texts of more than 16777216 bytes in all/,
  ],
];

for (const [fault, make, wanted] of BAD) {
  Deno.test(`readPngText() refuses ${fault}`, () => {
    assert.throws(() => readPngText(pngWith(make()), { file: "t.png" }), (error) => {
      assert(error instanceof FormatError, String(error));
      assert.match(error.message, wanted);
      assert.match(error.message, /^t\.png: [^\n]*$/);
      return true;
    });
  });
}

Deno.test("readPngText() limits inflated and plain text", () => {
  const bomb = join(text("a\0\0"), deflateSync(new Uint8Array(17 * 2 ** 20)));
  assert.throws(() => readPngText(pngWith(chunk("zTXt", bomb))), (error) => {
    // The cause shows that the inflater gave up, not a check after it had filled the memory.
    return error instanceof FormatError && error.cause instanceof RangeError;
  });
  const plain = join(text("a\0"), new Uint8Array(16 * 2 ** 20 + 1).fill(97));
  assert.throws(() => readPngText(pngWith(chunk("tEXt", plain))), /more than 16777216 bytes/);
});

Deno.test("readPngText() limits the inflated text of all chunks together", () => {
  const half = join(text("a\0\0"), deflateSync(new Uint8Array(9 * 2 ** 20).fill(97)));
  assert.equal(readPngText(pngWith(chunk("zTXt", half))).get("a")?.length, 9 * 2 ** 20);
  assert.throws(
    () => readPngText(pngWith(chunk("zTXt", half), chunk("zTXt", half))),
    /byte \d+: zTXt: texts of more than 16777216 bytes in all/,
  );
});
