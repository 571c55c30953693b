import assert from "node:assert/strict";
import { FormatError } from "../../../src/errors.ts";
import { readNpy, writeNpy } from "../../../src/formats/npy/npy.ts";

/** An npy file with this dictionary as its header and this many zero bytes of data. */
function fileOf(dict: string, dataBytes = 0, version = [1, 0]): Uint8Array {
  const text = new TextEncoder().encode(dict);
  const start = version[0] === 1 ? 10 : 12;
  const bytes = new Uint8Array(start + text.length + dataBytes);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, ...version]);
  const view = new DataView(bytes.buffer);
  if (version[0] === 1) view.setUint16(8, text.length, true);
  else view.setUint32(8, text.length, true);
  bytes.set(text, start);
  return bytes;
}

function dict(descr: string, shape: string, fortran = "False"): string {
  return `{'descr': ${descr}, 'fortran_order': ${fortran}, 'shape': ${shape}, }\n`;
}

const GOOD = dict("'<f4'", "(2,)");

/** The file of {@link GOOD} with one byte changed. */
function changed(at: number, value: number): Uint8Array {
  const bytes = fileOf(GOOD, 8);
  bytes[at] = value;
  return bytes;
}

const LIES: readonly (readonly [string, () => Uint8Array, RegExp])[] = [
  ["an empty file", () => new Uint8Array(0), /an empty file, wanted a NumPy array/],
  ["a wrong signature", () => changed(5, 0x5a), /byte 0: not the signature of npy/],
  ["version 0", () => changed(6, 0), /byte 6: npy version 0\.0/],
  ["version 4", () => changed(6, 4), /byte 6: npy version 4\.0/],
  ["version 1.1", () => changed(7, 1), /byte 6: npy version 1\.1/],
  ["a file that ends before its header length", () => fileOf(GOOD).slice(0, 9), /cut short/],
  ["a header longer than the file", () => changed(9, 1), /byte 8: header length \d+, at most/],
  [
    "a header of 4 GB",
    () => {
      const bytes = fileOf(GOOD, 8, [2, 0]);
      bytes.fill(0xff, 8, 12);
      return bytes;
    },
    /byte 8: header length 4294967295/,
  ],
  ["a header over 10,000 bytes", () => fileOf(" ".repeat(10_001)), /length 10001, at most 10000/],
  ["an empty header", () => fileOf(""), /byte 10: "", wanted a dictionary/],
  ["object arrays", () => fileOf(dict("'|O'", "(1,)"), 8), /object dtype.*never read/],
  ["object arrays, other spelling", () => fileOf(dict("'O8'", "(1,)"), 8), /object dtype/],
  ["structured arrays", () => fileOf(dict("[('a', '<f4')]", "(1,)"), 4), /structured dtype/],
  ["complex data", () => fileOf(dict("'<c8'", "(1,)"), 8), /dtype "<c8", wanted one of <f2 <f4/],
  ["the dtype constructor", () => fileOf(dict("'constructor'", "(1,)"), 8), /dtype "constructor"/],
  ["native byte order", () => fileOf(dict("'=f4'", "(2,)"), 8), /dtype "=f4"/],
  ["a dtype that is code", () => fileOf(dict("__import__('os')", "(1,)"), 4), /wanted a string/],
  ["an order that is no boolean", () => fileOf(dict("'<f4'", "(2,)", "0"), 8), /wanted True or F/],
  ["a shape that is a list", () => fileOf(dict("'<f4'", "[2]"), 8), /wanted a tuple/],
  ["a shape that is a number", () => fileOf(dict("'<f4'", "(2)"), 8), /wanted a tuple/],
  ["a negative size", () => fileOf(dict("'<f4'", "(-2,)"), 8), /wanted a tuple/],
  ["a fractional size", () => fileOf(dict("'<f4'", "(2.0,)"), 8), /wanted a tuple/],
  ["a product as size", () => fileOf(dict("'<f4'", "(1*2,)"), 8), /wanted a tuple/],
  ["an octal size", () => fileOf(dict("'<f4'", "(02,)"), 8), /the size "02"/],
  ["a size over 2^53", () => fileOf(dict("'<f4'", "(9007199254740992,)"), 8), /exceeds 2\^53/],
  [
    "a shape that overflows",
    () => fileOf(dict("'<f4'", "(4294967296, 4294967296)"), 8),
    /shape .* overflows/,
  ],
  [
    "a shape that overflows beside a zero",
    () => fileOf(dict("'<f4'", "(0, 9007199254740991)")),
    /shape .* overflows/,
  ],
  ["33 dimensions", () => fileOf(dict("'<f4'", `(${"1,".repeat(33)})`), 4), /33 dimensions/],
  ["data cut short", () => fileOf(GOOD, 7), /7 bytes of data, <f4 \[2\] needs 8/],
  ["trailing bytes", () => fileOf(GOOD, 9), /9 bytes of data, <f4 \[2\] needs 8/],
  ["a missing key", () => fileOf("{'descr': '<f4', 'shape': ()}\n", 4), /no key "fortran_order"/],
  ["an unknown key", () => fileOf(GOOD.replace("descr", "dtype"), 8), /unknown key "dtype"/],
  [
    "a key twice",
    () => fileOf(GOOD.replace("{", "{'shape': (2,), "), 8),
    /byte \d+: duplicate key "shape"/,
  ],
  ["no comma between items", () => fileOf(GOOD.replace("', '", "' '"), 8), /wanted the end/],
  ["text after the dictionary", () => fileOf(`${GOOD.trim()}.keys()`, 8), /wanted the end/],
  ["an escape in a string", () => fileOf(dict("'<\\x664'", "(2,)"), 8), /wanted a string/],
  ["a non-ASCII header", () => fileOf(dict("'<f4'", "(２,)"), 8, [3, 0]), /wanted a tuple/],
];

for (const [lie, make, wanted] of LIES) {
  Deno.test(`readNpy() refuses ${lie}`, () => {
    assert.throws(() => readNpy(make(), { file: "t.npy" }), (error) => {
      assert(error instanceof FormatError, String(error));
      assert.match(error.message, wanted);
      assert.match(error.message, /^t\.npy: [^\n]*$/);
      return true;
    });
  });
}

Deno.test("readNpy() reads every supported version, type and rank", () => {
  for (const version of [[1, 0], [2, 0], [3, 0]]) {
    assert.deepEqual(readNpy(fileOf(GOOD, 8, version)).data, new Float32Array(2));
  }
  const types = { "<f2": 2, "<f4": 4, "<f8": 8, "<i4": 4, "<i8": 8, "|u1": 1 };
  for (const [descr, size] of Object.entries(types)) {
    assert.equal(readNpy(fileOf(dict(`"${descr}"`, "(3, 0, 2)"))).data.length, 0);
    assert.deepEqual(readNpy(fileOf(dict(`'${descr}'`, "()"), size)).shape, []);
    const { data, shape } = readNpy(fileOf(dict(`'${descr}'`, "( 3,1 , 2 )"), 6 * size));
    assert.deepEqual([data.length, data.BYTES_PER_ELEMENT, shape], [6, size, [3, 1, 2]]);
  }
});

/** Elements 0, 1, 2, … of a 2x3x4 array in Fortran order, as they lie in the file. */
const FORTRAN = Array.from({ length: 24 }, (_, i) => {
  const [first, second, third] = [i % 2, Math.floor(i / 2) % 3, Math.floor(i / 6)];
  return 12 * first + 4 * second + third;
});

Deno.test("readNpy() converts big-endian and Fortran-ordered arrays to little-endian C order", () => {
  const setters = {
    f2: (view: DataView, at: number, x: number, little: boolean) => view.setFloat16(at, x, little),
    f4: (view: DataView, at: number, x: number, little: boolean) => view.setFloat32(at, x, little),
    f8: (view: DataView, at: number, x: number, little: boolean) => view.setFloat64(at, x, little),
    i4: (view: DataView, at: number, x: number, little: boolean) => view.setInt32(at, x, little),
    i8: (view: DataView, at: number, x: number, little: boolean) =>
      view.setBigInt64(at, BigInt(x), little),
  };
  for (const [type, set] of Object.entries(setters)) {
    for (const [order, fortran] of [["<", "True"], [">", "False"], [">", "True"]] as const) {
      const size = Number(type[1]);
      const bytes = fileOf(dict(`'${order}${type}'`, "(2, 3, 4)", fortran), 24 * size);
      const view = new DataView(bytes.buffer, bytes.length - 24 * size);
      for (let i = 0; i < 24; i++) {
        set(view, i * size, fortran === "True" ? FORTRAN[i] : i, order === "<");
      }
      const { dtype, data, shape } = readNpy(bytes);
      assert.deepEqual([dtype, shape], [`<${type}`, [2, 3, 4]]);
      assert.deepEqual(Array.from(data as Float64Array, Number), [...Array(24).keys()]);
    }
  }
});

Deno.test("readNpy() reads Fortran order with one dimension, no dimensions and no elements", () => {
  const of = (shape: string, elements: number) =>
    readNpy(fileOf(dict("'<f4'", shape, "True"), 4 * elements)).data.length;
  assert.deepEqual([of("()", 1), of("(3,)", 3), of("(0, 2)", 0), of("(2, 0)", 0)], [1, 3, 0, 0]);
});

// numpy 2.4.6, in base64: numpy.save of [[1, 2, 3], [4, 5, 6]] float32, of 0.5 (rank 0), and of
// [1.5, -2] float64.
const REFERENCES: readonly (readonly [number[], Float32Array | Float64Array, string])[] = [
  [
    [2, 3],
    Float32Array.of(1, 2, 3, 4, 5, 6),
    "k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsIDMpLC" +
    "B9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAIA/AAAA" +
    "QAAAQEAAAIBAAACgQAAAwEA=",
  ],
  [
    [],
    Float64Array.of(0.5),
    "k05VTVBZAQB2AHsnZGVzY3InOiAnPGY4JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKCksIH0gIC" +
    "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAADg" +
    "Pw==",
  ],
  [
    [2],
    Float64Array.of(1.5, -2),
    "k05VTVBZAQB2AHsnZGVzY3InOiAnPGY4JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsKSwgfS" +
    "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAAD4" +
    "PwAAAAAAAADA",
  ],
];

Deno.test("writeNpy() writes numpy's bytes and readNpy() reads them", () => {
  for (const [shape, data, base64] of REFERENCES) {
    assert.equal(writeNpy(shape, data).toBase64(), base64);
    const dtype = data instanceof Float32Array ? "<f4" : "<f8";
    assert.deepEqual(readNpy(Uint8Array.fromBase64(base64)), { dtype, shape, data });
  }
});

Deno.test("writeNpy() refuses a shape that does not fit", () => {
  assert.throws(() => writeNpy([3], new Float32Array(2)), RangeError);
  assert.throws(() => writeNpy([-1, -2], new Float32Array(2)), RangeError);
  assert.throws(() => writeNpy([0.5, 4], new Float32Array(2)), RangeError);
});
