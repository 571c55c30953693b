import assert from "node:assert/strict";
import { readJson } from "../src/formats/json.ts";
import { escapeInvisible, oneLine, quoteWord, shorten, shown, shownValue } from "../src/text.ts";
import { onSystem } from "./support/on_system.ts";

Deno.test("shown() leaves ordinary text readable, in any script", () => {
  for (const text of ["", "a.b-c/d 1", "模型 é 🦆", "down_blocks.0.weight"]) {
    assert.equal(shown(text), `"${text}"`);
  }
});

Deno.test("shown() escapes what could add a line, hide text or drive a terminal", () => {
  // Escape sequence, line ends of every kind, NUL, C1 control, right-to-left override, zero-width
  // and no-break space, tag character, half a surrogate pair, byte order mark.
  const hostile = "\u001b[2J\n\r\u2028\u2029\u0085\0\u009b\u202e\u200b\u00a0\u{e0041}\ud83e\ufeff";
  const text = shown(hostile);
  assert.match(text, /^"[\x20-\x7e]*"$/);
  assert.equal(JSON.parse(text), hostile);
  assert.equal(shown('"\\'), '"\\"\\\\"');
});

Deno.test("shownValue() distinguishes a text from other values, and accepts objects without a prototype", () => {
  const bare = readJson(new TextEncoder().encode('{"a":["\u202e",1]}'));
  assert.throws(() => `${bare}`, TypeError);
  const texts = ["1", 1, true, null, undefined, bare].map(shownValue);
  assert.deepEqual(texts, ['"1"', "1", "true", "null", "nothing", '{"a":["\\u202e",1]}']);
  assert.equal(shownValue(Array(99).fill(1)).length, 81);
});

Deno.test("shown() cuts long text", () => {
  assert.equal(shown("x".repeat(81)), `"${"x".repeat(80)}…"`);
  assert.equal(shown("x".repeat(80)), `"${"x".repeat(80)}"`);
});

Deno.test("shorten() never cuts a surrogate pair in two", () => {
  assert.equal(shorten("ab🦆cd", 3), "ab…");
  assert.equal(shorten("ab🦆cd", 4), "ab🦆…");
  assert.equal(shorten("ab🦆cd", 6), "ab🦆cd");
});

Deno.test("escapeInvisible() escapes every character that is drawn as nothing, and keeps JSON the same", () => {
  // Combining grapheme joiner, Hangul fillers, variation selector, Braille blank, invisible times,
  // a private and an unassigned character.
  const hidden = "\u034f\u115f\u3164\ufe0f\u2800\u2062\ue000\u{e0fff}";
  assert.match(escapeInvisible(hidden), /^(\\u[0-9a-f]{4})+$/);
  const json = JSON.stringify({ [`\x9b${hidden}`]: ["\x7f\u202e", "模型 é 🦆"] });
  const escaped = escapeInvisible(json);
  assert.match(escaped, /^[\x20-\x7e模型é🦆]+$/u);
  assert.deepEqual(JSON.parse(escaped), JSON.parse(json));
  assert.match(escaped, /模型 é 🦆/);
});

Deno.test("oneLine() joins lines by spaces and escapes the rest", () => {
  assert.equal(oneLine(" a\r\n\n  b\tc\n"), "a b\\u0009c");
});

Deno.test("quoteWord() quotes for Windows as its programs part a line", () =>
  onSystem("windows", () => {
    const words = ["C:\\a\\b.onnx", "--x=1", "a b", "C:\\a b\\", 'say "hi"', "it's", "", "50%"];
    assert.deepEqual(words.map(quoteWord), [
      ...["C:\\a\\b.onnx", "--x=1", '"a b"', '"C:\\a b\\\\"', '"say \\"hi\\""', '"it\'s"'],
      ...['""', '"50%"'],
    ]);
  }));

Deno.test(
  "quoteWord() gives a shell the word back",
  { ignore: Deno.build.os === "windows" },
  async () => {
    assert.equal(quoteWord("models/a.b@1"), "models/a.b@1");
    for (const word of ["a b", "it's", "$HOME `x`", "", "a\nb", "*", "~/x"]) {
      const args = ["-c", `printf %s ${quoteWord(word)}`];
      const { stdout } = await new Deno.Command("sh", { args }).output();
      assert.equal(new TextDecoder().decode(stdout), word);
    }
  },
);
