import assert from "node:assert/strict";
import { parseLoraList } from "../../../src/convert/lora/lora_list.ts";
import { UsageError } from "../../../src/errors.ts";

Deno.test("parseLoraList() reads files, scales and lists", () => {
  const cases: [text: string, wanted: [path: string, scale: number][]][] = [
    ["a.safetensors", [["a.safetensors", 1]]],
    ["a.safetensors:0.8,b/c.pt:-1", [["a.safetensors", 0.8], ["b/c.pt", -1]]],
    ["a:.5,a:2.,a:1e-2", [["a", 0.5], ["a", 2], ["a", 0.01]]],
    ["C:\\a:b", [["C:\\a:b", 1]]],
  ];
  for (const [text, wanted] of cases) {
    assert.deepEqual(parseLoraList(text), wanted.map(([path, scale]) => ({ path, scale })));
  }
  for (const text of ["", ",a", "a,", ":0.8"]) {
    assert.throws(() => parseLoraList(text), UsageError, text);
  }
});
