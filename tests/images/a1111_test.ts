import assert from "node:assert/strict";
import { formatA1111 } from "../../src/images/a1111.ts";

/**
 * Reads the settings line as the readers of this form do: `Name: value` or `Name: "JSON string"`,
 * separated by commas.
 */
function readFields(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  let line = text.slice(text.lastIndexOf("\n") + 1);
  while (line !== "") {
    const [, name, value] = /^(\w[\w \-/]+): *("(?:\\.|[^"\\])*"|[^,]*)(?:,|$)/.exec(line)!;
    fields.set(name, value.startsWith('"') && value.endsWith('"') ? JSON.parse(value) : value);
    line = line.slice(name.length + 2 + value.length).replace(/^, */, "");
  }
  return fields;
}

Deno.test("formatA1111() writes prompt, negative prompt and settings", () => {
  const fields: [string, string | number][] = [
    ["Steps", 50],
    ["Sampler", "DDIM"],
    ["CFG scale", 4],
    ["Seed", 0],
    ["Size", "64x64"],
    ["Model", "dit-emoji"],
  ];
  assert.equal(
    formatA1111({ prompt: "black\nduck", negativePrompt: "blurry", fields }),
    "black\nduck\nNegative prompt: blurry\n" +
      "Steps: 50, Sampler: DDIM, CFG scale: 4, Seed: 0, Size: 64x64, Model: dit-emoji",
  );
  assert.equal(formatA1111({ prompt: "a", fields }).split("\n").length, 2);
  assert.equal(formatA1111({ prompt: "a", negativePrompt: "", fields }).split("\n").length, 2);
});

Deno.test("formatA1111() quotes every value that a reader would misread", () => {
  const values = ["a, b", 'say "x"', '"x"', "a: b", "a\nb", "C:\\d", " a", "a ", "", "plain", "{}"];
  for (const value of values) {
    const text = formatA1111({
      prompt: "p",
      fields: [["Steps", 1], ["Model", value], ["Seed", 0]],
    });
    assert.deepEqual(
      readFields(text),
      new Map([["Steps", "1"], ["Model", value], ["Seed", "0"]]),
      JSON.stringify(value),
    );
  }
});

Deno.test("formatA1111() quotes colons and empty values, as the web UI does", () => {
  assert.equal(
    formatA1111({ prompt: "p", fields: [["Steps", 1], ["Model", "a: b"], ["VAE", ""]] }),
    'p\nSteps: 1, Model: "a: b", VAE: ""',
  );
});

Deno.test("formatA1111() refuses names and counts that readers would misread", () => {
  const format = (name: string) =>
    formatA1111({ prompt: "", fields: [["Steps", 1], ["Seed", 0], [name, ""]] });
  for (const bad of ["", "x", "a:b", "a,b", "a\nb", "é!"]) {
    assert.throws(() => format(bad), RangeError, JSON.stringify(bad));
  }
  assert.throws(() => formatA1111({ prompt: "", fields: [["Steps", 1]] }), RangeError);
});
