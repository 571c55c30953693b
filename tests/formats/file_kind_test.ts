import assert from "node:assert/strict";
import { fileKind } from "../../src/formats/file_kind.ts";
import { writeSafetensors } from "../../src/formats/safetensors/safetensors.ts";

Deno.test("fileKind() tells files by their first bytes", () => {
  const kindOf = (start: string) => fileKind(Uint8Array.from(start, (char) => char.charCodeAt(0)));
  assert.equal(kindOf("\x93NUMPY\x01\0"), "npy");
  assert.equal(kindOf(`PK\x03\x04${"\0".repeat(26)}arr_0.npy`), "npz");
  assert.equal(kindOf(`PK\x03\x04${"\0".repeat(26)}archive/data.pkl`), "pytorch");
  assert.equal(kindOf("\x80\x02}q\0"), "pytorch");
  for (const image of ["\x89PNG", "\xff\xd8\xff", "GIF89a", "RIFF....WEBP", "BM"]) {
    assert.equal(kindOf(image), "image", image);
  }
  for (const other of ["", "{}", "text", "\x08\x08"]) assert.equal(kindOf(other), undefined, other);
});

Deno.test("fileKind() takes safetensors for itself whatever the length of its header spells", () => {
  const head = (length: number) => {
    const bytes = writeSafetensors(new Map());
    new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
    return bytes;
  };
  for (const length of [0x0280, 0x4d42]) assert.equal(fileKind(head(length)), "safetensors");
});
