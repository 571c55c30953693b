import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { FormatError } from "../../src/errors.ts";
import { type KnownKind, recognise, refuseForeign } from "../../src/formats/foreign_file.ts";
import { readJson } from "../../src/formats/json.ts";
import { verifyImage } from "../../src/images/image_file.ts";
import { readNpy, writeNpy } from "../../src/formats/npy/npy.ts";
import { readOnnx } from "../../src/formats/onnx/onnx.ts";
import { openTensorFile } from "../../src/formats/open_tensors.ts";
import { readSafetensors, writeSafetensors } from "../../src/formats/safetensors/safetensors.ts";
import { TorchFile } from "../../src/formats/torch/torch_file.ts";
import { checkpointOf, raw, sourceOf } from "../support/checkpoint_builder.ts";
import { zipOf } from "../support/zip_builder.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const POINTER = utf8(
  "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a21\nsize 3438167540\n",
);
const BOM = "\ufeff";
const FLOATS = Float32Array.of(1, 2);

const KINDS: readonly (readonly [KnownKind, Uint8Array, RegExp])[] = [
  ["empty", new Uint8Array(0), /an empty file/],
  ["lfs", POINTER, /a Git LFS pointer, not the file of 3438167540 bytes/],
  ["page", utf8('<!doctype html>\n<html class=""></html>'), /a web page/],
  ["page", utf8(`${BOM}\n  <HTML lang="en">`), /a web page/],
  ["page", utf8('<?xml version="1.0"?><Error><Code>AccessDenied</Code>'), /an XML document/],
  ["compressed", new Uint8Array(gzipSync(utf8("x"))), /gzip/],
  ["compressed", raw("\xfd7zXZ\0\0"), /xz/],
  ["compressed", raw("\x28\xb5\x2f\xfd\0"), /zstd/],
  ["compressed", raw("BZh91AY"), /bzip2/],
  ["compressed", raw("7z\xbc\xaf\x27\x1c\0"), /7z/],
  ["tar", raw("\0".repeat(257), "ustar\0"), /a tar archive/],
  ["torch", checkpointOf(), /a PyTorch checkpoint/],
  ["old_torch", raw("\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."), /PyTorch before 1\.6/],
  ["pickle", raw("\x80\x04\x95\x0a\0\0"), /a bare pickle/],
  ["npz", zipOf([{ name: "arr_0.npy", data: utf8("x") }]), /a NumPy \.npz archive/],
  ["zip", zipOf([{ name: "unet/model.onnx", data: utf8("x") }]), /a zip archive/],
  ["zip", zipOf([]), /a zip archive/],
  ["gguf", raw("GGUF\x03\0\0\0"), /a GGUF file/],
  ["hdf5", raw("\x89HDF\r\n\x1a\n"), /an HDF5 file/],
  [
    "safetensors",
    writeSafetensors(new Map([["x", { dtype: "F32", shape: [2], data: FLOATS }]])),
    /a safetensors file/,
  ],
  ["npy", writeNpy([2], FLOATS), /a NumPy array/],
  ["png", raw("\x89PNG\r\n\x1a\n"), /a PNG image/],
  ["jpeg", raw("\xff\xd8\xff\xe0"), /a JPEG image/],
  ["image", raw("GIF89a"), /a GIF image/],
  ["image", raw("RIFF\x10\0\0\0WEBPVP8 "), /a WebP image/],
  ["json", utf8(' {"a": 1}'), /JSON/],
];

/** Every reader of a file that a user gives, and the kinds that it does not refuse as another's. */
const READERS: Readonly<
  Record<string, { read: (bytes: Uint8Array) => unknown; own: readonly KnownKind[] }>
> = {
  "readOnnx()": { read: (bytes) => readOnnx(bytes, { file: "x" }), own: [] },
  "readSafetensors()": {
    read: (bytes) => readSafetensors(bytes, { file: "x" }),
    own: ["safetensors"],
  },
  "readNpy()": { read: (bytes) => readNpy(bytes, { file: "x" }), own: ["npy"] },
  "readJson()": { read: (bytes) => readJson(bytes, { file: "x" }), own: ["json"] },
  "verifyImage()": {
    read: (bytes) => verifyImage(bytes, { file: "x" }),
    own: ["png", "jpeg", "image"],
  },
  "TorchFile.open()": {
    read: (bytes) => TorchFile.open(sourceOf(bytes), { file: "x" }),
    own: ["torch", "zip"],
  },
  "openTensorFile()": {
    read: (bytes) => openTensorFile(sourceOf(bytes), { file: "x" }),
    own: ["torch", "zip", "safetensors"],
  },
};

for (const [kind, bytes, what] of KINDS) {
  Deno.test(`recognise() recognises ${what.source} by its first bytes`, () => {
    const found = recognise(bytes)!;
    assert.equal(found.kind, kind);
    assert.match(found.what, what);
    assert.equal(recognise(bytes.subarray(0, 512))?.kind, kind);
  });
}

for (const [symbol, { read, own }] of Object.entries(READERS)) {
  Deno.test(`${symbol} first names the kind of a foreign file`, async () => {
    for (const [kind, bytes, what] of KINDS) {
      if (own.includes(kind)) continue;
      await assert.rejects(async () => await read(bytes), (error) => {
        assert(error instanceof FormatError, `${kind}: ${error}`);
        assert.match(error.message, new RegExp(`^x: .*${what.source}.*, wanted [^\\n]+$`));
        return true;
      });
    }
  });
}

Deno.test("recognise() returns undefined for bytes that could be of any kind", () => {
  const header = raw("\x80\x02\0\0\0\0\0\0{", " ".repeat(630), "}");
  assert.equal(recognise(header)?.kind, "safetensors");
  assert.equal(recognise(raw("\x1f\x8b\0\0\0\0\0\0{"))?.kind, "safetensors");
  for (const bytes of [raw("\x08\x08\x12\x07pytorch"), raw("\x3c\0\0\0\0\0\0\0"), utf8("a,b\n")]) {
    assert.equal(recognise(bytes), undefined);
  }
});

Deno.test("refuseForeign() never advises loading a pickle", () => {
  for (
    const bytes of [raw("\x80\x04\x95\x0a\0\0"), raw("\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19")]
  ) {
    assert.throws(() => refuseForeign(bytes, { file: "x.pt", wanted: "weights" }), (error) => {
      assert(error instanceof FormatError);
      assert.doesNotMatch(error.hint!, /torch|\bin python/i);
      assert.match(error.hint!, /take a safetensors file in its place/);
      return true;
    });
  }
});
