import assert from "node:assert/strict";
import { FormatError } from "../../src/errors.ts";
import { FileSource } from "../../src/formats/file_source.ts";
import { SafetensorsFile, writeSafetensors } from "../../src/formats/safetensors/safetensors.ts";
import { tensorChunks } from "../../src/formats/tensor_file.ts";
import { withTempFolder } from "../support/temp_folder.ts";

const DATA = Float32Array.from({ length: 10 }, (_, i) => i);

function withFile(test: (file: SafetensorsFile) => Promise<void>): Promise<void> {
  return withTempFolder(async (folder) => {
    const path = `${folder}/x.safetensors`;
    const tensor = { dtype: "F32", shape: [10], data: DATA } as const;
    await Deno.writeFile(path, writeSafetensors(new Map([["x", tensor]])));
    using source = FileSource.open(path);
    await test(await SafetensorsFile.open(source));
  });
}

Deno.test("tensorChunks() yields a tensor's bytes in order, the last piece shorter", () =>
  withFile(async (file) => {
    const chunks = await Array.fromAsync(tensorChunks(file, "x", 16));
    assert.deepEqual(chunks.map(({ length }) => length), [16, 16, 8]);
    assert.deepEqual(new Float32Array(await new Blob(chunks as BlobPart[]).arrayBuffer()), DATA);
    await assert.rejects(Array.fromAsync(tensorChunks(file, "y")), FormatError);
    await assert.rejects(Array.fromAsync(tensorChunks(file, "x", 12)), RangeError);
  }));

Deno.test("SafetensorsFile.readBytes() refuses a range outside the tensor", () =>
  withFile(async (file) => {
    const bytes = await file.readBytes("x", { offset: 4, length: 8 });
    assert.deepEqual(new Float32Array(bytes.slice().buffer), Float32Array.of(1, 2));
    for (const [offset, length] of [[-4, 4], [36, 8], [0, 41], [0.5, 1], [0, NaN]]) {
      await assert.rejects(file.readBytes("x", { offset, length }), RangeError);
    }
  }));

Deno.test("FileSource reads ranges in any order, concurrently, and up to the end of the file", () =>
  withTempFolder(async (folder) => {
    const path = `${folder}/bytes`;
    await Deno.writeFile(path, Uint8Array.from({ length: 100 }, (_, i) => i));
    using source = FileSource.open(path);
    assert.equal(source.size, 100);
    const parts = await Promise.all([source.read(90, 20), source.read(3, 2), source.read(200, 1)]);
    assert.deepEqual(parts.map((part) => part.length), [10, 2, 0]);
    assert.deepEqual([...parts[1]], [3, 4]);
  }));
