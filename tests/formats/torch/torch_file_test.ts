import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { FormatError, UnsafePickleError } from "../../../src/errors.ts";
import { FileSource } from "../../../src/formats/file_source.ts";
import { openTensorFile, openTensors } from "../../../src/formats/open_tensors.ts";
import { readSafetensors } from "../../../src/formats/safetensors/safetensors.ts";
import { tensorChunks } from "../../../src/formats/tensor_file.ts";
import { TorchFile } from "../../../src/formats/torch/torch_file.ts";
import {
  checkpointOf,
  ELEMENTS,
  global,
  int,
  pickleOf,
  raw,
  records,
  sourceOf,
  tensor,
  text,
  tuple,
} from "../../support/checkpoint_builder.ts";
import { join, zipOf } from "../../support/zip_builder.ts";

const FIXTURES = fileURLToPath(new URL("../../fixtures/", import.meta.url));

// make_checkpoints.py wrote the files and the same tensors as safetensors beside them.
for (const name of ["checkpoint", "training_checkpoint"]) {
  Deno.test(`TorchFile reads ${name}.pt of torch 2.13 as torch itself does`, async () => {
    using source = FileSource.open(`${FIXTURES}${name}.pt`);
    const file = await TorchFile.open(source);
    const plain = readSafetensors(await Deno.readFile(`${FIXTURES}${name}.safetensors`)).tensors;
    const names = [...file.entries.keys()].filter((name) => name !== "__proto__");
    assert.deepEqual(names.sort(), [...plain.keys()].sort());
    for (const [name, wanted] of plain) assert.deepEqual(await file.read(name), wanted, name);
  });
}

for await (const { name } of Deno.readDir(`${FIXTURES}neighbours`)) {
  if (!name.endsWith(".pt")) continue;
  Deno.test(`TorchFile reads the weights of ${name} and skips the rest`, async () => {
    using source = FileSource.open(`${FIXTURES}neighbours/${name}`);
    const file = await TorchFile.open(source);
    const read = async (name: string) => [...(await file.read(name)).data];
    assert.deepEqual([...file.entries.keys()], ["a", "b"]);
    assert.deepEqual(await read("a"), [0, 1, 2, 3, 4, 5]);
    assert.deepEqual(await read("b"), [1, 1, 1, 1]);
    assert.deepEqual(file.unread, UNREAD[name.slice(0, -3)] ?? []);
  });
}

/** Globals that the pickles of tests/fixtures/neighbours name beside those of a weight. */
const UNREAD: Readonly<Record<string, readonly string[]>> = {
  buffer: ["torch._tensor._rebuild_from_type_v2", "torch.Tensor"],
  bytes: ["_codecs.encode"],
  defaultdict: ["collections.defaultdict", "__builtin__.list"],
  dtype_device_size: ["torch.float16", "torch.device", "torch.Size"],
  path: ["pathlib.PurePosixPath"],
  rng: ["numpy._core.multiarray._reconstruct", "numpy.ndarray", "_codecs.encode", "numpy.dtype"],
  set: ["__builtin__.set"],
};

/**
 * Opens a checkpoint of a dict of one tensor `w` under each key; the value of `w` is the key's
 * number, counted from 1.
 */
function openParts(keys: readonly string[], part?: string): Promise<TorchFile> {
  const one = (value: number) =>
    tensor({ size: tuple(int(1)), stride: tuple(int(1)), offset: int(value) });
  const dict = (value: number) => raw("}", text("w"), one(value), "s");
  const items = keys.flatMap((key, i) => [text(key), dict(i), "s"]);
  const pickle = pickleOf("}", ...items, text("epoch"), int(3), "s");
  return TorchFile.open(sourceOf(checkpointOf(pickle)), { file: "a.pt", part });
}

Deno.test("TorchFile prefers averaged weights, then state_dict, then model, unless a part is given", async () => {
  const taken = async (keys: string[], part?: string) => {
    const file = await openParts(keys, part);
    return [file.part, (await file.read("w")).data[0]];
  };
  assert.deepEqual(await taken(["model", "ema"]), ["ema", 2]);
  assert.deepEqual(await taken(["model_ema", "model"]), ["model_ema", 1]);
  assert.deepEqual(await taken(["model_ema", "ema"]), ["ema", 2]);
  assert.deepEqual(await taken(["params", "params_ema"]), ["params_ema", 2]);
  assert.deepEqual(await taken(["state_dict", "ema_state_dict"]), ["ema_state_dict", 2]);
  assert.deepEqual(await taken(["model", "state_dict"]), ["state_dict", 2]);
  assert.deepEqual(await taken(["opt", "model"]), ["model", 2]);
  assert.deepEqual(await taken(["model", "ema"], "model"), ["model", 1]);
  assert.deepEqual(await taken(["model", "opt"], "opt"), ["opt", 2]);
  const file = await openParts(["model", "ema", "opt"]);
  assert.deepEqual([...file.parts], [["model", 1], ["ema", 1], ["opt", 1]]);
});

Deno.test("TorchFile lists the existing parts if the given one does not exist", async () => {
  await assert.rejects(openParts(["model", "ema"], "weights"), {
    name: "FormatError",
    message: 'a.pt has no part "weights" with tensors, only "model", "ema"',
  });
  await assert.rejects(openParts(["model"], "epoch"), /no part "epoch" with tensors, only "model"/);
  await assert.rejects(openParts(["opt", "best"]), {
    message: 'a.pt holds no tensors, only "opt", "best", "epoch"',
    hint: 'name the part to take: "opt", "best"',
  });
});

Deno.test("TorchFile ignores a part without tensors", async () => {
  const pickle = pickleOf(
    ...["}", text("ema"), "}s"],
    ...[text("model"), raw("}", text("w"), tensor(), "s"), "s"],
  );
  const file = await TorchFile.open(sourceOf(checkpointOf(pickle)));
  assert.equal(file.part, "model");
});

Deno.test("TorchFile lists the entries of a state dict that are not tensors", async () => {
  const pickle = pickleOf("}", text("w"), tensor(), "s", text("epoch"), int(3), "s");
  const file = await TorchFile.open(sourceOf(checkpointOf(pickle)));
  assert.deepEqual([...file.entries.keys()], ["w"]);
  assert.deepEqual(file.skipped, ["epoch"]);
});

Deno.test("TorchFile reads only headers and the requested tensor", async () => {
  const big = new Uint8Array(4_000_000);
  const pickle = pickleOf(
    "}",
    text("w"),
    tensor(),
    "s",
    text("big"),
    tensor({
      key: "1",
      type: "ByteStorage",
      count: big.length,
      size: tuple(int(big.length)),
      stride: tuple(int(1)),
    }),
    "s",
  );
  const source = sourceOf(checkpointOf(pickle, { 0: new Uint8Array(ELEMENTS.buffer), 1: big }));
  const file = await TorchFile.open(source);
  assert.deepEqual((await file.read("w")).data, ELEMENTS);
  assert(source.bytesRead < 10_000, `${source.bytesRead} bytes read`);
  assert.deepEqual((await file.read("big")).data, big);
});

Deno.test("TorchFile.readBytes() reads every range of contiguous and other tensors", async () => {
  using source = FileSource.open(`${FIXTURES}checkpoint.pt`);
  const file = await TorchFile.open(source);
  for (const [name, { length }] of file.entries) {
    const { data } = await file.read(name);
    const whole = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    for (const [offset, size] of [[0, length], [0, 1], [1, length - 1], [3, 7], [length, 0]]) {
      if (offset + size > length || size < 0) continue;
      assert.deepEqual([...await file.readBytes(name, { offset, length: size })], [
        ...whole.subarray(offset, offset + size),
      ]);
    }
    const chunks = await Array.fromAsync(tensorChunks(file, name, 8));
    assert.deepEqual([...join(...chunks)], [...whole], name);
  }
  await assert.rejects(file.readBytes("f32", { offset: 0, length: 25 }), RangeError);
  await assert.rejects(file.read("nothing"), /no tensor "nothing"/);
});

Deno.test("TorchFile refuses elements with a wrong checksum, read whole, in pieces or in part", async () => {
  const bytes = checkpointOf();
  const at = Array.from(bytes.keys()).find((i) =>
    new DataView(bytes.buffer).getFloat32(i, true) === 6
  )!;
  bytes[at] ^= 1;
  const damaged = /entry "archive\/data\/0" has CRC-32 \w{8}, the directory says \w{8}/;
  const open = () => TorchFile.open(sourceOf(bytes));
  await assert.rejects((await open()).read("w"), damaged);
  await assert.rejects(Array.fromAsync(tensorChunks(await open(), "w", 8)), damaged);
  await assert.rejects((await open()).readBytes("w", { offset: 4, length: 4 }), damaged);
});

Deno.test("TorchFile refuses checkpoints older than PyTorch 1.6 by name", async () => {
  const refused = (bytes: Uint8Array, wanted: RegExp) =>
    assert.rejects(TorchFile.open(sourceOf(bytes), { file: "a.pt" }), (error: Error) => {
      assert(error instanceof FormatError);
      assert.match(error.message, wanted);
      return true;
    });
  const tar = new Uint8Array(512);
  tar.set(new TextEncoder().encode("ustar"), 257);
  await refused(tar, /a\.pt: a tar archive/);
  await refused(
    pickleOf("\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19"),
    /a\.pt: a checkpoint of PyTorch before 1\.6, wanted/,
  );
  await refused(new Uint8Array(0), /an empty file/);
  await refused(new TextEncoder().encode("hello"), /byte 0: not a zip archive/);
});

Deno.test("TorchFile refuses archives that are not checkpoints", async () => {
  const refused = async (change: (parts: ReturnType<typeof records>) => void, wanted: RegExp) => {
    const parts = records();
    change(parts);
    await assert.rejects(TorchFile.open(sourceOf(zipOf(parts))), wanted);
  };
  const utf8 = (word: string) => new TextEncoder().encode(word);
  const set = (name: string, data: Uint8Array) => (parts: ReturnType<typeof records>) => {
    const part = parts.find((part) => part.name === `archive/${name}`);
    if (part) part.data = data;
    else parts.push({ name: `archive/${name}`, data });
  };
  await refused(set("byteorder", utf8("big")), /byte order "big", only little is read/);
  await refused(set("byteorder", new Uint8Array(99)), /99 bytes for a version or a number/);
  await refused(set("version", utf8("11\n")), /version "11\\n" of the archive, wanted 1 to 10/);
  await refused(set("version", utf8("x")), /version "x"/);
  await refused(
    set(".data/serialization_id", Uint8Array.of(0xff)),
    /serialization_id .*, wanted a number/,
  );
  await refused(set("constants.pkl", utf8("x")), /a TorchScript program/);
  await refused((parts) => parts.pop(), /no entry "version"/);
  await refused((parts) => parts.shift(), /no entry "data\.pkl"/);
  await refused((parts) => parts[0].name = "data.pkl", /entry "data\.pkl" is not below ""/);
  await refused(
    (parts) => parts[1].name = "other/byteorder",
    /"other\/byteorder" is not below "archive\/"/,
  );
  await refused((parts) => parts.splice(2, 1), /no entry "data\/0" for a storage/);
  await assert.rejects(
    TorchFile.open(sourceOf(checkpointOf(pickleOf("]")))),
    /holds a list, wanted a dict/,
  );
});

Deno.test("openTensorFile() and openTensors() recognise the format by content, not by name", async () => {
  assert((await openTensorFile(sourceOf(checkpointOf()))) instanceof TorchFile);
  using opened = await openTensors(`${FIXTURES}checkpoint.safetensors`);
  assert.equal(opened.tensors instanceof TorchFile, false);
  assert.equal(opened.tensors.entries.get("f32")?.dtype, "F32");
  const unsafe = checkpointOf(pickleOf(global("os", "system"), text("id"), "\x85R"));
  await assert.rejects(openTensorFile(sourceOf(unsafe)), UnsafePickleError);
});
