import assert from "node:assert/strict";
import {
  addressOf,
  copyFrom,
  cString,
  CStringArray,
  OutPointer,
  pointerArray,
  pointerAt,
  readCString,
  unpackPointers,
} from "../../ffi/pointer.ts";

Deno.test("cString() and readCString() round-trip UTF-8", () => {
  for (const text of ["", "plain", "naïve 鴨 🦆"]) {
    const bytes = cString(text);
    assert.equal(bytes.at(-1), 0);
    assert.equal(readCString(addressOf(bytes)), text);
  }
  assert.equal(readCString(null), "");
});

Deno.test("cString() refuses a NUL, where C would cut the text", () => {
  assert.throws(() => cString("a\0b"), TypeError);
});

Deno.test("CStringArray points to its strings", () => {
  const array = new CStringArray(["one", "two"]);
  const base = addressOf(array.pointers);
  assert.ok(base);
  assert.equal(array.length, 2);
  assert.deepEqual([0, 1].map((i) => readCString(pointerAt(base, i))), ["one", "two"]);
});

Deno.test("pointerArray() and unpackPointers() round-trip, null included", () => {
  const memory = new Uint8Array(4);
  const [first, second] = unpackPointers(pointerArray([addressOf(memory), null]));
  assert.ok(first);
  const copy = new Uint8Array(4);
  memory.set([1, 2, 3, 4]);
  copyFrom(first, copy);
  assert.deepEqual(copy, memory);
  assert.equal(second, null);
});

Deno.test("OutPointer.object refuses NULL", () => {
  const out = new OutPointer();
  assert.equal(out.pointer, null);
  assert.throws(() => out.object, TypeError);
});
