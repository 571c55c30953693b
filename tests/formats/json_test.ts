import assert from "node:assert/strict";
import { FormatError } from "../../src/errors.ts";
import { isJsonObject, readJson, type ReadJsonOptions } from "../../src/formats/json.ts";

function parse(text: string, options: ReadJsonOptions = {}) {
  return readJson(new TextEncoder().encode(text), { file: "t.json", ...options });
}

function refused(run: () => unknown, wanted: RegExp): void {
  assert.throws(run, (error) => {
    assert(error instanceof FormatError, String(error));
    assert.match(error.message, wanted);
    assert.match(error.message, /^t\.json: [^\n]*$/);
    return true;
  });
}

Deno.test("readJson() agrees with JSON.parse() on legal text", () => {
  const texts = [
    "null",
    " true\r\n",
    "\t[false , [ ] , { } ]",
    "-0",
    "-12.5e-3",
    "1E+2",
    "5e-324",
    "0.1",
    "1000000000000000019884624838656",
    '""',
    '"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83e\\udd86"',
    '"é 🦆 \u007f\u2028\ufffe"',
    '{"a":{"b":[1,2,{"c":null}]},"":0,"constructor":1,"1":2}',
  ];
  for (const text of texts) {
    assert.equal(JSON.stringify(parse(text)), JSON.stringify(JSON.parse(text)), text);
  }
  assert(Object.is(parse("-0"), -0));
});

Deno.test("readJson() returns objects that inherit nothing and changes no prototype", () => {
  const object = parse('{"a":1}');
  assert(isJsonObject(object));
  for (const name of ["toString", "constructor", "__proto__", "hasOwnProperty"]) {
    assert.equal(object[name], undefined, name);
  }
  const before = Object.getOwnPropertyNames(Object.prototype).join();
  refused(() => parse('{"__proto__":{"polluted":1}}'), /column 2 .*__proto__ is not accepted/);
  refused(() => parse('{"a":{"\\u005f_proto__":{"polluted":1}}}'), /__proto__ is not accepted/);
  parse('{"constructor":{"prototype":{"polluted":1}}}');
  assert.equal(Object.getOwnPropertyNames(Object.prototype).join(), before);
  assert.equal(({} as Record<string, unknown>).polluted, undefined);
  const grandparent = Object.getPrototypeOf(object) as object;
  assert(Object.isFrozen(grandparent) && Object.getPrototypeOf(grandparent) === null);
});

Deno.test("isJsonObject() is true only for objects", () => {
  assert.deepEqual(
    ["{}", "[]", "null", '""', "0", "true"].map((text) => isJsonObject(parse(text))),
    [true, false, false, false, false, false],
  );
  assert.equal(isJsonObject(undefined), false);
});

const BAD: readonly (readonly [string, string, RegExp])[] = [
  ["no text", "", /an empty file, wanted JSON/],
  ["space alone", " \n ", /line 2, column 2 \(byte 3\): end of text, expected a value/],
  ["a byte order mark", "\ufeff{}", /"\\ufeff", expected a value/],
  ["a no-break space", "\u00a0{}", /"\\u00a0", expected a value/],
  ["two values", "1 2", /column 3 \(byte 2\): "2" after the end/],
  ["a duplicate key", '{"a":1,\n "a":2}', /line 2, column 2 \(byte 9\): duplicate key "a"/],
  ["a duplicate key in escapes", '{"a":1,"\\u0061":2}', /duplicate key "a"/],
  ["a duplicate key in depth", '[{"k":{"a":1,"a":2}}]', /duplicate key "a"/],
  ["a duplicate key called constructor", '{"constructor":1,"constructor":2}', /duplicate key/],
  ["a trailing comma in a list", "[1,]", /column 4 .*"\]", expected a value/],
  ["a trailing comma in an object", '{"a":1,}', /"\}", expected a key in quotes/],
  ["a comma alone", "[,1]", /",", expected a value/],
  ["no comma", "[1 2]", /"2", expected "," or "\]"/],
  ["no comma in an object", '{"a":1 "b":2}', /"\\"", expected "," or "\}"/],
  ["no colon", '{"a" 1}', /"1", expected ":"/],
  ["a bare key", "{a:1}", /"a", expected a key in quotes/],
  ["single quotes", "['a']", /"'", expected a value/],
  ["a comment", "[1/*x*/]", /"\/", expected/],
  ["mismatched brackets", "[1}", /"\}", expected "," or "\]"/],
  ["a list without its end", "[1", /end of text, expected/],
  ["a string without its end", '"abc', /end of text in a string/],
  ["a line break in a string", '"a\nb"', /line 1, column 3 .*"\\n" in a string/],
  ["a control character in a string", '"a\u0000"', /in a string/],
  ["an unknown escape", '"\\x41"', /column 2 .*unknown escape/],
  ["a short \\u escape", '"\\u12"', /unknown escape/],
  ["half a surrogate pair", '["\\ud83e"]', /column 2 .*half a surrogate pair/],
  ["surrogates in the wrong order", '"\\udd86\\ud83e"', /half a surrogate pair/],
  ["a leading zero", "01", /"1" after the end/],
  ["a leading plus", "+1", /"\+", expected a value/],
  ["a lone minus", "-", /"-", expected a value/],
  ["a bare fraction", ".5", /"\.", expected a value/],
  ["a point without digits", "1.", /"\." after the end/],
  ["an exponent without digits", "1e", /"e" after the end/],
  ["hexadecimal", "0x10", /"x" after the end/],
  ["NaN", "NaN", /"N", expected a value/],
  ["Infinity", "-Infinity", /"-", expected a value/],
  ["a number over a double", "1e309", /column 1 .*"1e309" exceeds a double/],
  ["a keyword in capitals", "True", /"T", expected a value/],
  ["a keyword cut short", "nul", /"n", expected a value/],
  ["a keyword run on", "nullx", /"x" after the end/],
  ["a 65th level of lists", "[".repeat(65), /column 65 .*nested more than 64 deep/],
  ["10,000 levels of objects", '{"a":'.repeat(10_000), /nested more than 64 deep/],
];

for (const [fault, text, wanted] of BAD) {
  Deno.test(`readJson() refuses ${fault}`, () => refused(() => parse(text), wanted));
}

Deno.test("readJson() reads 64 nested levels, and any number of siblings", () => {
  assert.doesNotThrow(() => parse("[".repeat(64) + "]".repeat(64)));
  assert.doesNotThrow(() => parse(`[${Array(100).fill("[]").join()}]`, { maxDepth: 2 }));
});

Deno.test("readJson() counts bytes, not characters, in positions", () => {
  refused(() => parse(`${"\n".repeat(4_000_000)}x`), /line 4000001, column 1 /);
  refused(() => parse('["é🦆",x]', { baseOffset: 100 }), /line 1, column 8 \(byte 110\): "x"/);
});

Deno.test("readJson() refuses invalid UTF-8 and names the byte", () => {
  for (const bad of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xc3]]) {
    const bytes = Uint8Array.of(0x22, 0xc3, 0xa9, ...bad, 0x22);
    refused(() => readJson(bytes, { file: "t.json" }), /byte 3 or after is not UTF-8/);
  }
});

Deno.test("readJson() enforces its limits", () => {
  refused(() => parse("[1]", { maxBytes: 2 }), /3 bytes of JSON, at most 2 accepted/);
  refused(() => parse("[1,2]", { maxValues: 2 }), /column 4 .*more than 2 values/);
  assert.doesNotThrow(() => parse("[1,2]", { maxValues: 3, maxBytes: 5 }));
  refused(() => readJson(new Uint8Array(64 * 2 ** 20 + 1), { file: "t.json" }), /at most 67108864/);
  refused(() => parse(`[${"0,".repeat(1_000_000)}0]`), /more than 1000000 values/);
  refused(() => parse("[[]]", { maxDepth: 1 }), /nested more than 1 deep/);
});

Deno.test("readJson({ naturalsOnly }) accepts plain integers up to 2^53 - 1", () => {
  const naturals = (text: string) => parse(text, { naturalsOnly: true });
  assert.deepEqual(naturals("[0,7,9007199254740991]"), [0, 7, 9007199254740991]);
  for (const bad of ["-0", "-1", "1.0", "1e0", "9007199254740992", "10000000000000000000000"]) {
    refused(() => naturals(bad), new RegExp(`"${bad.replace(".", "\\.")}", wanted an integer`));
  }
});

Deno.test("readJson({ nonFinite }) accepts Python's NaN and infinities in exactly that spelling", () => {
  // Python 3.11: json.dumps([nan, inf, -inf])
  const values = parse("[NaN, Infinity, -Infinity]", { nonFinite: true });
  assert.deepEqual([...values as number[]], [NaN, Infinity, -Infinity]);
  for (const text of ["NaN", "Infinity", "-Infinity"]) {
    refused(() => parse(text), /expected a value/);
  }
  for (const text of ["-NaN", "nan", "+Infinity", "Infinityx", "inf", "1e999"]) {
    refused(() => parse(text, { nonFinite: true }), /expected a value|after the end|exceeds/);
  }
});

Deno.test("readJson() reads shared memory", () => {
  const bytes = new Uint8Array(new SharedArrayBuffer(2));
  bytes.set([0x5b, 0x5d]);
  assert.deepEqual(readJson(bytes), []);
});

Deno.test("readJson() escapes and shortens hostile text in messages", () => {
  const key = `\\u001b[31m\\u202e\\u2028${"x".repeat(500)}`;
  assert.throws(() => parse(`{"${key}":1,"${key}":2}`), (error) => {
    assert(error instanceof FormatError);
    assert.match(error.message, /duplicate key "\\u001b\[31m\\u202e\\u2028x{60,}…"$/);
    assert(error.message.length < 200);
    return true;
  });
});

Deno.test("readJson() reads millions of escapes, characters, spaces and digits without a stack overflow", () => {
  const many = 4_000_000;
  assert.equal(parse(`"${"\\n".repeat(many)}"`), "\n".repeat(many));
  assert.equal(parse(`"${"é".repeat(many)}"`), "é".repeat(many));
  assert.equal(parse(`${" ".repeat(many)}1`), 1);
  assert.equal(parse(`0.${"1".repeat(many)}`), 1 / 9);
  refused(() => parse("1".repeat(many)), /exceeds a double/);
});

Deno.test("readJson({ places }) records the position of every value", () => {
  const places = new Map<string, string>();
  const text = '{"a": [1,\n  {"b/c~": null}],\n "d": "x"}';
  readJson(new TextEncoder().encode(text), { places });
  assert.deepEqual([...places], [
    ["", "line 1, column 1"],
    ["/a", "line 1, column 7"],
    ["/a/0", "line 1, column 8"],
    ["/a/1", "line 2, column 3"],
    ["/a/1/b~1c~0", "line 2, column 12"],
    ["/d", "line 3, column 7"],
  ]);
});
