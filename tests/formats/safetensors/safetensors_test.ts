import assert from "node:assert/strict";
import { FormatError } from "../../../src/errors.ts";
import {
  readSafetensors,
  SafetensorsFile,
  type SafetensorsTensor,
  writeSafetensors,
} from "../../../src/formats/safetensors/safetensors.ts";
import { sourceOf } from "../../support/checkpoint_builder.ts";

/**
 * A file with this header text and this many zero bytes of data, honest about the header's length
 * unless told otherwise.
 */
function fileOf(header: string | Uint8Array, dataBytes = 0, length?: bigint): Uint8Array {
  const json = typeof header === "string" ? new TextEncoder().encode(header) : header;
  const bytes = new Uint8Array(8 + json.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

/** A header entry; the shape and offsets are raw JSON text. */
function entry(name: string, shape: string, offsets: string, dtype = "F32"): string {
  return `"${name}":{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}`;
}

function refused(bytes: Uint8Array, wanted: RegExp): void {
  assert.throws(() => readSafetensors(bytes, { file: "t.safetensors" }), (error) => {
    assert(error instanceof FormatError, String(error));
    assert.match(error.message, wanted);
    assert.match(error.message, /^t\.safetensors: [^\n]*$/);
    return true;
  });
}

const GOOD = `{${entry("a", "[2]", "[0,8]")}}`;

/** Every way in which a file may lie, with the number of the lie, and what the error must name. */
const LIES: readonly (readonly [string, () => Uint8Array, RegExp])[] = [
  ["an empty file", () => new Uint8Array(0), /an empty file, wanted a safetensors file/],
  [
    "a cut length field",
    () => new Uint8Array(7),
    /a damaged safetensors file: 7 bytes, wanted at least 10/,
  ],
  ["a header longer than the file", () => fileOf(GOOD, 8, 1000n), /byte 0: header length 1000/],
  ["a header of 0 bytes", () => fileOf(GOOD, 8, 0n), /byte 0: header length 0/],
  [
    "a header over 100 MB",
    () => {
      const header = new Uint8Array(100_000_001).fill(0x20);
      header.set(new TextEncoder().encode("{}"));
      return fileOf(header);
    },
    /byte 0: header length 100000001, wanted 2 to 16777216/,
  ],
  ["a header over 2^53", () => fileOf(GOOD, 8, 2n ** 53n + 2n), /length 9007199254740994/],
  ["a header of 2^64-1", () => fileOf(GOOD, 8, 2n ** 64n - 1n), /length 18446744073709551615/],
  [
    "overlapping tensors",
    () => fileOf(`{${entry("a", "[2]", "[0,8]")},${entry("b", "[2]", "[4,12]")}}`, 12),
    /tensor "b" starts at byte \d+/,
  ],
  [
    "two tensors sharing their bytes",
    () => fileOf(`{${entry("a", "[2]", "[0,8]")},${entry("b", "[2]", "[0,8]")}}`, 8),
    /tensor "b" starts at byte/,
  ],
  [
    "a hole between tensors",
    () => fileOf(`{${entry("a", "[1]", "[0,4]")},${entry("b", "[1]", "[8,12]")}}`, 12),
    /tensor "b" starts at byte/,
  ],
  ["a hole before the first tensor", () => fileOf(`{${entry("a", "[1]", "[4,8]")}}`, 8), /"a" st/],
  ["reversed offsets", () => fileOf(`{${entry("a", "[2]", "[8,0]")}}`, 8), /"a".*hold -8 bytes/],
  ["offsets past the end", () => fileOf(`{${entry("a", "[4]", "[0,16]")}}`, 8), /end at byte/],
  ["bytes after the last tensor", () => fileOf(GOOD, 9), /the tensors end at byte \d+, the file/],
  ["a size below shape x dtype", () => fileOf(`{${entry("a", "[3]", "[0,8]")}}`, 8), /needs 12/],
  ["a size above shape x dtype", () => fileOf(`{${entry("a", "[1]", "[0,8]")}}`, 8), /needs 4/],
  [
    "a shape whose product overflows",
    () => fileOf(`{${entry("a", "[4294967296,4294967296,4294967296]", "[0,8]")}}`, 8),
    /tensor "a": shape .* overflows/,
  ],
  [
    "a shape that overflows to 0 in 64 bits",
    () => fileOf(`{${entry("a", "[4294967296,1073741824]", "[0,0]")}}`),
    /tensor "a": shape .* overflows/,
  ],
  [
    "a shape that overflows beside a zero",
    () => fileOf(`{${entry("a", "[0,9007199254740991,9007199254740991]", "[0,0]")}}`),
    /tensor "a": shape .* overflows/,
  ],
  ["a negative size", () => fileOf(`{${entry("a", "[-2]", "[0,8]")}}`, 8), /"-2", wanted an int/],
  ["a size of minus zero", () => fileOf(`{${entry("a", "[-0]", "[0,0]")}}`), /"-0", wanted an int/],
  ["a negative offset", () => fileOf(`{${entry("a", "[2]", "[-8,0]")}}`, 8), /byte \d+\): "-8"/],
  ["a fractional size", () => fileOf(`{${entry("a", "[2.0]", "[0,8]")}}`, 8), /"2\.0", wanted/],
  ["an exponent", () => fileOf(`{${entry("a", "[2e0]", "[0,8]")}}`, 8), /"2e0", wanted/],
  [
    "an integer over 2^53",
    () => fileOf(`{${entry("a", "[9007199254740993]", "[0,8]")}}`, 8),
    /"9007199254740993", wanted/,
  ],
  [
    "33 dimensions",
    () => fileOf(`{${entry("a", `[${"1,".repeat(32)}1]`, "[0,4]")}}`, 4),
    /tensor "a": 33 dimensions, at most 32/,
  ],
  ["a size in quotes", () => fileOf(`{${entry("a", '["2"]', "[0,8]")}}`, 8), /shape is not a list/],
  ["a shape that is no list", () => fileOf(`{${entry("a", "2", "[0,8]")}}`, 8), /shape is not/],
  ["one offset", () => fileOf(`{${entry("a", "[2]", "[8]")}}`, 8), /data_offsets is not a pair/],
  ["three offsets", () => fileOf(`{${entry("a", "[2]", "[0,8,8]")}}`, 8), /data_offsets is not/],
  ["a missing key", () => fileOf('{"a":{"dtype":"F32","shape":[2]}}', 8), /data_offsets is not/],
  [
    "a tensor named twice",
    () => fileOf(`{${entry("a", "[1]", "[0,4]")},${entry("a", "[1]", "[4,8]")}}`, 8),
    /column \d+ \(byte \d+\): duplicate key "a"/,
  ],
  [
    "a tensor named twice, once in escapes",
    () => fileOf(`{${entry("a", "[1]", "[0,4]")},${entry("\\u0061", "[1]", "[4,8]")}}`, 8),
    /duplicate key "a"/,
  ],
  [
    "a key twice in an entry",
    () => fileOf('{"a":{"dtype":"F32","shape":[2],"shape":[2],"data_offsets":[0,8]}}', 8),
    /duplicate key "shape"/,
  ],
  [
    "a tensor named __proto__",
    () => fileOf(`{${entry("__proto__", "[2]", "[0,8]")}}`, 8),
    /__proto/,
  ],
  [
    "the dtype constructor",
    () => fileOf(`{${entry("a", "[2]", "[0,8]", "constructor")}}`),
    /dtype/,
  ],
  [
    "a dtype in a list",
    () => fileOf('{"a":{"dtype":["F32"],"shape":[2],"data_offsets":[0,8]}}', 8),
    /dtype \["F32"\], wanted one of/,
  ],
  [
    "a dtype that is an object",
    () => fileOf('{"a":{"dtype":{},"shape":[2],"data_offsets":[0,8]}}', 8),
    /dtype \{\}, wanted one of/,
  ],
  ["an unknown dtype", () => fileOf(`{${entry("a", "[2]", "[0,8]", "F31")}}`, 8), /dtype "F31"/],
  [
    "a dtype in lower case",
    () => fileOf(`{${entry("a", "[2]", "[0,8]", "f32")}}`, 8),
    /dtype "f32/,
  ],
  [
    "sub-byte elements, misaligned",
    () => fileOf(`{${entry("a", "[3]", "[0,2]", "F4")}}`, 2),
    /shape \[3\] overflows, or ends within a byte of F4/,
  ],
  ["an entry that is null", () => fileOf('{"a":null}'), /tensor "a" is not an object/],
  ["an entry that is a list", () => fileOf('{"a":[]}'), /tensor "a" is not an object/],
  ["metadata that are a list", () => fileOf('{"__metadata__":[]}'), /__metadata__ is not an/],
  ["a number in the metadata", () => fileOf('{"__metadata__":{"a":1}}'), /__metadata__ "a" is not/],
  ["an object in the metadata", () => fileOf('{"__metadata__":{"a":{}}}'), /__metadata__ "a" is n/],
  ["__proto__ in the metadata", () => fileOf('{"__metadata__":{"__proto__":"x"}}'), /__proto__/],
  [
    "bad UTF-8 in a name",
    () => fileOf(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x7d)),
    /byte 10 or after is not UTF-8/,
  ],
  ["half a surrogate pair in a name", () => fileOf('{"\\ud800":{}}'), /half a surrogate pair/],
  ["a leading space", () => fileOf(` ${GOOD}`, 8), /byte 8: the header must start with "\{"/],
  ["a byte order mark", () => fileOf(`\ufeff${GOOD}`, 8), /byte 8: the header must start/],
  ["a header that is a list", () => fileOf("[]"), /byte 8: the header must start/],
  ["text after the header's object", () => fileOf(`${GOOD}x`, 8), /"x" after the end/],
  ["a header cut short", () => fileOf(GOOD.slice(0, -1), 8), /end of text, expected/],
  ["a trailing comma", () => fileOf(`${GOOD.slice(0, -1)},}`, 8), /expected a key/],
  ["padding with zeros", () => fileOf(`${GOOD}\0`, 8), /after the end of the value/],
  ["nesting 10,000 deep", () => fileOf(`{"a":${"[".repeat(10_000)}`), /nested more than 3 deep/],
  ["a line break in a name", () => fileOf('{"a\\nb\\u202e":null}'), /tensor "a\\nb\\u202e" is not/],
];

for (const [lie, make, wanted] of LIES) {
  Deno.test(`readSafetensors() refuses ${lie}`, () => refused(make(), wanted));
}

Deno.test("readSafetensors() accepts unusual but valid files", () => {
  assert.equal(readSafetensors(fileOf("{}")).tensors.size, 0);
  assert.equal(readSafetensors(fileOf('{"__metadata__":{}}   ')).metadata.size, 0);
  const odd = `{${entry("", "[]", "[0,4]")},${entry("z", "[0,3]", "[4,4]")},${
    entry("constructor", "[1]", "[4,8]")
  }}`;
  const { tensors } = readSafetensors(fileOf(odd, 8));
  assert.deepEqual(tensors.get(""), { dtype: "F32", shape: [], data: new Float32Array(1) });
  assert.deepEqual(tensors.get("z"), { dtype: "F32", shape: [0, 3], data: new Float32Array(0) });
  assert.equal(tensors.get("constructor")?.data.length, 1);
  assert.equal(tensors.get("toString"), undefined);
});

Deno.test("readSafetensors() accepts tensors in any order of the header, also an empty last one", () => {
  const { tensors } = readSafetensors(
    fileOf(
      `{${entry("c", "[1]", "[4,8]")},${entry("b", "[1]", "[0,4]")},${entry("a", "[0]", "[0,0]")}}`,
      8,
    ),
  );
  assert.deepEqual([...tensors.keys()], ["a", "b", "c"]);
});

Deno.test("writeSafetensors() orders names by their UTF-8 bytes, a prefix first", () => {
  const one: SafetensorsTensor = { dtype: "U8", shape: [1], data: Uint8Array.of(1) };
  const sorted = ["a", "ab", "\uffff", "\u{10000}"];
  for (const names of [sorted, [...sorted].reverse()]) {
    const bytes = writeSafetensors(new Map(names.map((name) => [name, one])));
    assert.deepEqual([...readSafetensors(bytes).tensors.keys()], sorted);
  }
});

Deno.test("readSafetensors() reads tensors at any alignment and inside a larger buffer", () => {
  const header = `{${entry("a", "[1]", "[0,1]", "U8")},${entry("b", "[1]", "[1,5]")}}`;
  const bytes = fileOf(header, 5);
  new DataView(bytes.buffer).setFloat32(bytes.length - 4, 1.5, true);
  const shifted = new Uint8Array(bytes.length + 10);
  shifted.set(bytes, 3);
  const { tensors } = readSafetensors(shifted.subarray(3, 3 + bytes.length));
  assert.deepEqual(tensors.get("b")?.data, Float32Array.of(1.5));
});

// safetensors 0.8.0: save({"b": [1, 2] float32, "a": [[1]] float32, "é": 7 int64, "h": [0.5]
// float16, "empty": zeros (0, 4) uint8}, {"k": 'v"\n'}) of safetensors.numpy, in base64.
const REFERENCE =
  "OAEAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJrIjoidlwiXG4ifSwiw6kiOnsiZHR5cGUiOiJJNjQiLCJzaGFwZSI6W1" +
  "0sImRhdGFfb2Zmc2V0cyI6WzAsOF19LCJhIjp7ImR0eXBlIjoiRjMyIiwic2hhcGUiOlsxLDFdLCJkYXRhX29mZnNl" +
  "dHMiOls4LDEyXX0sImIiOnsiZHR5cGUiOiJGMzIiLCJzaGFwZSI6WzJdLCJkYXRhX29mZnNldHMiOlsxMiwyMF19LC" +
  "JoIjp7ImR0eXBlIjoiRjE2Iiwic2hhcGUiOlsxXSwiZGF0YV9vZmZzZXRzIjpbMjAsMjJdfSwiZW1wdHkiOnsiZHR5" +
  "cGUiOiJVOCIsInNoYXBlIjpbMCw0XSwiZGF0YV9vZmZzZXRzIjpbMjIsMjJdfX0gICAHAAAAAAAAAAAAgD8AAIA/AA" +
  "AAQAA4";
const CONTENT = new Map<string, SafetensorsTensor>([
  ["b", { dtype: "F32", shape: [2], data: Float32Array.of(1, 2) }],
  ["a", { dtype: "F32", shape: [1, 1], data: Float32Array.of(1) }],
  ["é", { dtype: "I64", shape: [], data: BigInt64Array.of(7n) }],
  ["h", { dtype: "F16", shape: [1], data: Float16Array.of(0.5) }],
  ["empty", { dtype: "U8", shape: [0, 4], data: new Uint8Array(0) }],
]);

Deno.test("readSafetensors() reads a file of the reference implementation", () => {
  const { tensors, metadata } = readSafetensors(Uint8Array.fromBase64(REFERENCE));
  assert.deepEqual(new Map([...tensors].sort()), new Map([...CONTENT].sort()));
  assert.deepEqual(metadata, new Map([["k", 'v"\n']]));
});

Deno.test("writeSafetensors() writes the reference implementation's bytes for every order of tensors", () => {
  const metadata = new Map([["k", 'v"\n']]);
  assert.equal(writeSafetensors(CONTENT, metadata).toBase64(), REFERENCE);
  const reversed = new Map([...CONTENT].reverse());
  assert.equal(writeSafetensors(reversed, metadata).toBase64(), REFERENCE);
});

Deno.test("writeSafetensors() ignores the order of metadata and pads to 8 bytes", () => {
  const a = writeSafetensors(new Map(), new Map([["x", "1"], ["\u{10000}", "2"], ["\uffff", ""]]));
  const b = writeSafetensors(new Map(), new Map([["\uffff", ""], ["\u{10000}", "2"], ["x", "1"]]));
  assert.deepEqual(a, b);
  assert.equal(a.length % 8, 0);
  assert.deepEqual([...readSafetensors(a).metadata.keys()], ["x", "\uffff", "\u{10000}"]);
});

Deno.test("writeSafetensors() refuses tensors that could not be read back", () => {
  const good: SafetensorsTensor = { dtype: "F32", shape: [1], data: Float32Array.of(1) };
  const write = (name: string, change: object) =>
    writeSafetensors(new Map([[name, { ...good, ...change } as SafetensorsTensor]]));
  assert.throws(() => write("__metadata__", {}), TypeError);
  assert.throws(() => write("__proto__", {}), TypeError);
  assert.throws(() => write("\ud800", {}), TypeError);
  assert.throws(() => write("a", { dtype: "F64" }), TypeError);
  assert.throws(() => write("a", { dtype: "toString" }), TypeError);
  assert.throws(() => write("a", { shape: [2] }), RangeError);
  assert.throws(() => write("a", { shape: [-1, -1] }), RangeError);
  assert.throws(() => writeSafetensors(new Map(), new Map([["a", "\udfff"]])), TypeError);
  assert.throws(() => writeSafetensors(new Map(), new Map([["__proto__", ""]])), TypeError);
});

Deno.test("SafetensorsFile reads only the header and the requested tensor", async () => {
  const big: SafetensorsTensor = { dtype: "F64", shape: [1000], data: new Float64Array(1000) };
  const small: SafetensorsTensor = { dtype: "F32", shape: [2], data: Float32Array.of(3, 4) };
  const tensors = new Map<string, SafetensorsTensor>([["big", big], ["small", small]]);
  const bytes = writeSafetensors(tensors, new Map([["k", "v"]]));
  const source = sourceOf(bytes);
  const file = await SafetensorsFile.open(source);
  assert.equal(file.metadata.get("k"), "v");
  assert.deepEqual(await file.read("small"), small);
  assert.equal(source.bytesRead, bytes.length - 8000);
  await assert.rejects(file.read("other"), FormatError);
});

Deno.test("SafetensorsFile refuses a source that ends early", async () => {
  const bytes = writeSafetensors(
    new Map([["a", { dtype: "F32", shape: [2], data: new Float32Array(2) }]]),
  );
  await assert.rejects(
    SafetensorsFile.open(sourceOf(bytes.slice(0, 20), bytes.length)),
    FormatError,
  );
  await assert.rejects(SafetensorsFile.open(sourceOf(bytes.slice(0, 5))), FormatError);
  const cut = await SafetensorsFile.open(sourceOf(bytes.slice(0, -1), bytes.length));
  await assert.rejects(cut.read("a"), /got 7 of 8 bytes/);
});

// The reference implementation (safetensors 0.8) opens each of these files.
for (
  const [dtype, shape, length] of [
    ["F4", [4], 2],
    ["F6_E2M3", [2, 2], 3],
    ["F6_E3M2", [4], 3],
    ["F8_E4M3", [3], 3],
    ["F8_E4M3FNUZ", [3], 3],
    ["F8_E5M2", [3], 3],
    ["F8_E5M2FNUZ", [3], 3],
    ["F8_E8M0", [3], 3],
    ["C64", [3], 24],
  ] as const
) {
  Deno.test(`SafetensorsFile lists a tensor of ${dtype}, refuses to read it and reads the others`, async () => {
    const json = `{${entry("a", "[2]", "[0,8]")},` +
      `${entry("q", JSON.stringify(shape), `[8,${8 + length}]`, dtype)}}`;
    const bytes = fileOf(json, 8 + length);
    assert.deepEqual([...readSafetensors(bytes).tensors.keys()], ["a"]);
    const file = await SafetensorsFile.open(sourceOf(bytes), { file: "x.safetensors" });
    const listed = file.entries.get("q")!;
    assert.deepEqual([listed.dtype, listed.shape, listed.length], [dtype, shape, length]);
    assert.deepEqual((await file.read("a")).shape, [2]);
    await assert.rejects(file.read("q"), {
      name: "FormatError",
      message: new RegExp(`^x.safetensors: tensor "q" is ${dtype}, wanted one of BOOL,U8,`),
    });
  });
}

Deno.test("readSafetensors() treats null metadata and unknown keys like the reference implementation", () => {
  const bytes = fileOf(
    '{"__metadata__":null,"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"note":1}}',
    8,
  );
  const { tensors, metadata } = readSafetensors(bytes);
  assert.deepEqual([[...tensors.keys()], metadata.size], [["a"], 0]);
});
