import assert from "node:assert/strict";
import {
  addressOf,
  copyFrom,
  cString,
  CStringArray,
  OutPointer,
  pathString,
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

Deno.test("pathString() is UTF-16 on Windows and UTF-8 elsewhere, zero included", () => {
  const path = "C:\\鴨🦆";
  const utf8 = [0x43, 0x3a, 0x5c, 0xe9, 0xb4, 0xa8, 0xf0, 0x9f, 0xa6, 0x86, 0];
  assert.deepEqual([...pathString(path, "linux")], utf8);
  assert.deepEqual([...pathString(path, "darwin")], utf8);
  const units = new Uint16Array(pathString(path, "windows").buffer);
  assert.deepEqual([...units], [0x43, 0x3a, 0x5c, 0x9d28, 0xd83e, 0xdd86, 0]);
  for (const os of ["linux", "windows"] as const) {
    assert.throws(() => pathString("a\0b", os), TypeError);
  }
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
