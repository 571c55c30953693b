/**
 * What the fuzz tests feed to the readers of PyTorch checkpoints and of indexes of shards.
 * @module
 */
import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import { FormatError } from "../../src/errors.ts";
import { typedLength } from "../../src/formats/element_types.ts";
import { readPickle } from "../../src/formats/torch/pickle.ts";
import {
  describeValue,
  PickleDict,
  PickleTensor,
  type PickleValue,
} from "../../src/formats/torch/pickle_values.ts";
import { ShardedTensors } from "../../src/formats/safetensors/sharded_tensors.ts";
import type { TensorFile } from "../../src/formats/tensor_file.ts";
import { TorchFile } from "../../src/formats/torch/torch_file.ts";
import {
  checkpointOf,
  ELEMENTS,
  global,
  int,
  ORDERED_DICT,
  PICKLE,
  pickleOf,
  raw,
  records,
  tensor,
  text,
  tuple,
} from "../support/checkpoint_builder.ts";
import type { FuzzTarget } from "../support/fuzz.ts";
import { zipOf, type ZipPart } from "../support/zip_builder.ts";

const FIXTURES = new URL("../fixtures/", import.meta.url);
const FIXTURE = Deno.readFileSync(new URL("checkpoint.pt", FIXTURES));
const TRAINING = Deno.readFileSync(new URL("training_checkpoint.pt", FIXTURES));

/** Where an archive's entries start, whatever its directory says. */
function partsOf(bytes: Uint8Array): ZipPart[] {
  const parts: ZipPart[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const starts = [...bytes.keys()].filter((i) =>
    bytes[i] === 0x50 && bytes[i + 1] === 0x4b && i + 30 <= bytes.length &&
    [0x0403, 0x0201, 0x0807, 0x0606].includes(view.getUint16(i + 2, true))
  );
  for (const [i, at] of starts.entries()) {
    if (bytes[at + 2] !== 3) continue;
    const nameEnd = at + 30 + view.getUint16(at + 26, true);
    const dataStart = nameEnd + view.getUint16(at + 28, true);
    const end = starts[i + 1] ?? bytes.length;
    if (dataStart > end) continue;
    const name = new TextDecoder().decode(bytes.subarray(at + 30, nameEnd));
    parts.push({ name, data: bytes.slice(dataStart, end) });
  }
  return parts;
}

/**
 * A state dict's tensors and their layouts. Nothing below is walked: a pickle may hold one value in
 * itself.
 */
function summary(value: PickleValue): unknown {
  if (!(value instanceof PickleDict)) return describeValue(value);
  return [...value].map(([key, item]) => {
    if (!(item instanceof PickleTensor)) return [key, describeValue(item)];
    const { storage, layout: { offset, shape, strides } } = item;
    const elements = shape.reduce((product, size) => product * size, 1);
    const last = shape.reduce((sum, size, i) => sum + (size - 1) * strides[i], offset);
    assert(elements === 0 || (last >= 0 && last < storage.count), "a tensor beyond its storage");
    assert(elements <= storage.count);
    assert.equal(
      typedLength([storage.count], storage.dtype),
      SIZES.get(storage.key),
    );
    return [key, storage.dtype, storage.key, offset, shape.join(), strides.join()];
  });
}

const SIZES: ReadonlyMap<string, number> = new Map([["0", 24], ["1", 16], ["2", 0]]);

const PICKLES = [
  PICKLE,
  pickleOf(
    "}q\x00(",
    text("a"),
    tensor(),
    text("ema"),
    ORDERED_DICT,
    text("b"),
    tensor({ key: "1", type: "LongStorage", count: 2, size: tuple(int(2)), stride: "K\x01\x85" }),
    "s}",
    text("_metadata"),
    ORDERED_DICT,
    "sb",
    text("args"),
    global("argparse", "Namespace"),
    ")\x81}bu",
  ),
  pickleOf(
    ORDERED_DICT,
    "r\x00\x01\x00\x00",
    text("e"),
    tensor({
      key: "2",
      type: "BoolStorage",
      count: 0,
      size: tuple(int(0), int(4)),
      stride: tuple(int(4), int(1)),
    }),
    "s",
    text("p"),
    global("torch._utils", "_rebuild_parameter"),
    tuple(tensor(), "\x88", ORDERED_DICT),
    "Rs",
    text("list"),
    "](K\x01M\x01\x00\x8a\x01\xffNe",
    "s",
    text("f"),
    "G\x3f\xf0\x00\x00\x00\x00\x00\x00",
    "s",
  ),
  // As torch.save memoizes: each value put, names taken from the memo.
  dataOf(TRAINING),
];

function dataOf(checkpoint: Uint8Array): Uint8Array {
  return partsOf(checkpoint).find(({ name }) => name.endsWith("data.pkl"))!.data;
}

const OPCODES = [..."(.0123FIJKLMNPQRSTUVXabcd}eghijl]opqrst)uGBC"].concat(
  Array.from({ length: 25 }, (_, i) => String.fromCharCode(0x80 + i)),
).map((op) => raw(op));

const PICKLE_TOKENS: FuzzTarget["tokens"] = [
  ...OPCODES,
  ...[tensor(), ORDERED_DICT, text("a"), text("__proto__"), int(0), int(-1), int(7), tuple(int(2))],
  ...[global("os", "system"), global("torch", "FloatStorage"), global("torch", "HalfStorage")],
  ...[
    global("torch._utils", "_rebuild_parameter"),
    raw("\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f"),
  ],
  ...[
    tensor({ key: "1", count: 4, size: "K\x04\x85", stride: "K\x01\x85" }),
    raw("q\x00"),
    raw("h\x00"),
  ],
];

/** Gives a pickle its PROTO and its STOP. */
function repairPickle(bytes: Uint8Array): Uint8Array {
  const inside = bytes[0] === 0x80 ? bytes.subarray(2) : bytes;
  const stop = inside.lastIndexOf(0x2e);
  return pickleOf(stop < 0 ? inside : inside.subarray(0, stop));
}

export const PICKLE_TARGET: FuzzTarget = {
  name: "pickle",
  parse: (bytes) => summary(readPickle(bytes, { sizeOf: (key) => SIZES.get(key) })),
  seeds: PICKLES.slice(0, 3),
  tokens: PICKLE_TOKENS,
  repair: repairPickle,
};

/** Every tensor's type, shape and bytes. */
export async function contentOf(file: TensorFile): Promise<unknown[]> {
  const content: unknown[] = [];
  for (const [name, { dtype, shape, length }] of file.entries) {
    const bytes = await file.readBytes(name, { offset: 0, length });
    assert.equal(bytes.length, length);
    content.push([name, dtype, shape.join(), crc32(bytes)]);
  }
  return content;
}

/** Opens bytes in memory, without copying them: whoever reads too far sees what lies beside. */
export function openBytes(bytes: Uint8Array): Promise<TorchFile> {
  return TorchFile.open({
    size: bytes.length,
    read: (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)),
  });
}

export const TORCH_TARGET: FuzzTarget = {
  name: "torch",
  parse: async (bytes) => {
    const file = await openBytes(bytes);
    const content = await contentOf(file);
    for (const [name, { length }] of file.entries) {
      if (length > 0) await file.readBytes(name, { offset: length - 1, length: 1 });
    }
    return content;
  },
  seeds: [
    checkpointOf(),
    checkpointOf(PICKLES[1], { 0: new Uint8Array(ELEMENTS.buffer), 1: new Uint8Array(16) }, {
      zip64: {},
    }),
    zipOf(records().map((part) => ({ ...part, flags: 0x0808 }))),
    FIXTURE,
    TRAINING,
    ...["rng", "float8", "proto5", "zip_deflated"].map((name) =>
      Deno.readFileSync(new URL(`neighbours/${name}.pt`, FIXTURES))
    ),
  ],
  tokens: [
    ...PICKLE_TOKENS,
    ...["PK\x03\x04", "PK\x01\x02", "PK\x05\x06", "PK\x06\x06", "PK\x06\x07", "PK\x07\x08"].map((
      t,
    ) => raw(t)),
    ...[
      "../",
      "/",
      "\\",
      "archive/",
      "data/0",
      "data.pkl",
      "DATA.PKL",
      "big",
      "\x01\x00\x10\x00",
      "\xff\xff\xff\xff",
    ].map((t) => raw(t)),
  ],
  repair: (bytes) => zipOf(partsOf(bytes)),
};

const SHARDS: ReadonlyMap<string, readonly string[]> = new Map([
  ["a.safetensors", ["x", "y"]],
  ["b.bin", ["z"]],
]);

function openShard(shard: string): Promise<TensorFile> {
  assert(!/[/\\]/.test(shard) && shard !== "..", `a path for a shard: ${shard}`);
  const names = SHARDS.get(shard);
  if (!names) return Promise.reject(new FormatError("no such shard"));
  const entry = { dtype: "U8", shape: [1], length: 1 } as const;
  const entries = new Map(names.map((name) => [name, entry]));
  const never = () => Promise.reject(new Error("not read"));
  return Promise.resolve({ entries, read: never, readBytes: never });
}

export const INDEX_TARGET: FuzzTarget = {
  name: "index",
  parse: async (bytes) => {
    const tensors = await ShardedTensors.open(bytes, { open: openShard });
    return [...tensors.entries.keys(), ...tensors.shards];
  },
  seeds: [
    '{"metadata":{"total_size":3},"weight_map":{"x":"a.safetensors","z":"b.bin","y":"a.safetensors"}}',
    '{"weight_map":{"z":"b.bin"}}',
  ].map((text) => new TextEncoder().encode(text)),
  tokens: [
    '"weight_map":',
    '"a.safetensors"',
    '"../a.safetensors"',
    '"x":',
    "..",
    "/",
    "\\\\",
    ":",
    ",",
    "{",
    "}",
  ]
    .concat(["[", "null", '"__proto__":', "\\u0000", "\0"]),
};
