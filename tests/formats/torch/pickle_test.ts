import assert from "node:assert/strict";
import { FormatError, UnsafePickleError } from "../../../src/errors.ts";
import { readPickle } from "../../../src/formats/torch/pickle.ts";
import {
  PickleBytes,
  PickleDict,
  PickleFloat,
  PickleSet,
  PickleTensor,
  PickleTuple,
  PickleUnread,
  type PickleValue,
} from "../../../src/formats/torch/pickle_values.ts";
import { TorchFile } from "../../../src/formats/torch/torch_file.ts";
import {
  checkpointOf,
  global,
  int,
  ORDERED_DICT,
  PICKLE,
  pickleOf,
  type PicklePart,
  raw,
  sourceOf,
  storage,
  tensor,
  text,
  tuple,
} from "../../support/checkpoint_builder.ts";
import { fields, join } from "../../support/zip_builder.ts";

const read = (bytes: Uint8Array) =>
  readPickle(bytes, { file: "data.pkl", sizeOf: (key) => key === "0" ? 24 : undefined });

/**
 * Whatever the pickle, nothing outside may be touched: there is no permission, and the prototypes
 * stay as they are.
 */
function refuses(bytes: Uint8Array, wanted: RegExp, kind: typeof FormatError): void {
  assert.throws(() => read(bytes), (error) => {
    assert(error instanceof kind, String(error));
    assert.match(error.message, /^data\.pkl: (byte \d+: |a pickle of )[^\n]*$/);
    assert.match(error.message, wanted);
    return true;
  });
  assert.deepEqual(Object.keys(Object.prototype), []);
  assert.equal(({} as Record<string, unknown>).polluted, undefined);
}

/** Calls `module.name` with one text. */
const call = (module: string, name: string, argument = "id") =>
  pickleOf(global(module, name), text(argument), "\x85R");

/** BINPUT, BINGET */
const put = (index: number) => raw("q", Uint8Array.of(index));
const get = (index: number) => raw("h", Uint8Array.of(index));
/** LONG1 of this many bytes. */
const long = (...bytes: number[]) => raw("\x8a", Uint8Array.of(bytes.length, ...bytes));
const dictOf = (...items: PicklePart[]) => pickleOf("}", ...items);

/**
 * Ways to get a function called by its name: nothing is, and what it would have made has no
 * content.
 */
const CALLS: readonly (readonly [string, Uint8Array, RegExp])[] = [
  ["os.system", call("os", "system"), /calling "os\.system"/],
  ["posix.system, its real name", call("posix", "system"), /calling "posix\.system"/],
  ["builtins.eval", call("builtins", "eval"), /calling "builtins\.eval"/],
  ["__builtin__.exec of Python 2", call("__builtin__", "exec"), /calling "__builtin__\.exec"/],
  ["builtins.getattr", call("builtins", "getattr"), /calling "builtins\.getattr"/],
  ["pydoc.locate", call("pydoc", "locate", "os.system"), /calling "pydoc\.locate"/],
  ["operator.methodcaller", call("operator", "methodcaller", "system"), /"operator\.methodcaller"/],
  ["operator.attrgetter", call("operator", "attrgetter", "system"), /"operator\.attrgetter"/],
  [
    "importlib.import_module",
    call("importlib", "import_module", "os"),
    /"importlib\.import_module"/,
  ],
  ["runpy.run_path", call("runpy", "_run_code"), /calling "runpy\._run_code"/],
  ["subprocess.Popen", call("subprocess", "Popen"), /calling "subprocess\.Popen"/],
  ["timeit.timeit", call("timeit", "timeit"), /calling "timeit\.timeit"/],
  ["webbrowser.open", call("webbrowser", "open"), /calling "webbrowser\.open"/],
  ["codecs.encode", call("_codecs", "encode"), /calling "_codecs\.encode"/],
  ["torch.load itself", call("torch", "load"), /calling "torch\.load"/],
  ["torch.hub.load", call("torch.hub", "load"), /calling "torch\.hub\.load"/],
  [
    "a JIT function of torch",
    call("torch.jit.unsupported_tensor_ops", "execWrapper"),
    /execWrapper/,
  ],
  ["numpy's runner", call("numpy.testing._private.utils", "runstring"), /runstring/],
  ["a name that begins like a known one", call("torch._utils", "_rebuild_tensor_v2x"), /v2x"/],
  ["a name that ends like a known one", call("evil.torch._utils", "_rebuild_tensor_v2"), /evil/],
  ["a known name in another case", call("torch", "floatstorage"), /"torch\.floatstorage"/],
  ["a path through a known module", call("torch", "_utils.os.system"), /_utils\.os\.system/],
  ["a known name with a space", call("torch ", "FloatStorage"), /calling "torch/],
  [
    "the name constructor",
    call("constructor", "constructor"),
    /calling "constructor\.constructor"/,
  ],
  ["an escape in a name", call("os\x1b[2J", "system"), /calling "os\\u001b\[2J\.system"/],
  [
    "os.system by STACK_GLOBAL",
    pickleOf(text("os"), text("system"), "\x93", text("id"), "\x85R"),
    /calling "os\.system"/,
  ],
];
for (const [what, bytes, wanted] of CALLS) {
  Deno.test({
    name: `readPickle() leaves ${what} unread, alone and in every place of a weight`,
    permissions: "none",
    async fn() {
      const unread = new Set<string>();
      const value = readPickle(bytes, { unread });
      assert(value instanceof PickleUnread && value.called);
      assert.deepEqual([...unread], [value.name]);
      await assert.rejects(TorchFile.open(sourceOf(checkpointOf(bytes))), (error) => {
        assert(error instanceof UnsafePickleError, String(error));
        assert.match(error.message, wanted);
        return true;
      });
      for (const [i, weight] of weightsOf(bytes.subarray(2, -1)).entries()) {
        const tensors = weightsRead(
          pickleOf("}(", text("good"), tensor(), text("bad"), weight, "u"),
        );
        assert(tensors === undefined || tensors.join() === "good", `place ${i}: ${tensors}`);
      }
    },
  });
}

/** Weights with a call in place of each of their parts. */
function weightsOf(evil: Uint8Array): Uint8Array[] {
  const parameter = global("torch._utils", "_rebuild_parameter");
  const v3 = global("torch._utils", "_rebuild_tensor_v3");
  const id = (type: Uint8Array, key: Uint8Array = text("0")) =>
    raw(tuple(text("storage"), type, key, text("cpu"), int(6)), "Q");
  const untyped = global("torch.storage", "UntypedStorage");
  const counts = tuple(int(1));
  return [
    evil,
    raw(evil, ")R"),
    raw(evil, ")\x81"),
    raw(evil, "}b"),
    raw(evil, tuple(storage(), int(0), counts, counts, "\x89", ORDERED_DICT), "R"),
    ...[evil, id(evil), id(global("torch", "FloatStorage"), evil)].map((from) =>
      tensor({ storage: from })
    ),
    tensor({ offset: evil }),
    ...["size", "stride", "requiresGrad", "hooks", "more"].flatMap((part) =>
      [evil, tuple(evil, evil)].map((value) => tensor({ [part]: value }))
    ),
    raw(parameter, tuple(evil, "\x88", ORDERED_DICT), "R"),
    raw(parameter, tuple(tensor(), evil, ORDERED_DICT), "R"),
    raw(v3, tuple(id(untyped), int(0), counts, counts, "\x89", ORDERED_DICT, evil), "R"),
    raw(tensor(), evil, "b"),
    raw(evil, "(", text("w"), tensor(), "u"),
    raw(evil, tensor(), "a"),
  ];
}

/** Names of the tensors, `undefined` where the pickle is refused. */
function weightsRead(bytes: Uint8Array): string[] | undefined {
  let value: PickleValue;
  try {
    value = read(bytes);
  } catch (error) {
    assert(error instanceof FormatError, String(error));
    return undefined;
  }
  assert(value instanceof PickleDict);
  return [...value].filter(([, item]) => item instanceof PickleTensor).map(([key]) => String(key));
}

/** Ways to get a reader confused, and opcodes that no checkpoint needs; every one is refused. */
const BYPASSES: readonly (readonly [string, Uint8Array, RegExp])[] = [
  ["INST", pickleOf("(", text("id"), "ios\nsystem\n"), /opcode INST/],
  ["OBJ", pickleOf("(", global("torch", "FloatStorage"), text("id"), "o"), /opcode OBJ/],
  ["EXT1", pickleOf("\x82\x01"), /opcode EXT1/],
  ["EXT2", pickleOf("\x83\x01\x00"), /opcode EXT2/],
  ["EXT4", pickleOf("\x84\x01\x00\x00\x00"), /opcode EXT4/],
  ["NEXT_BUFFER", pickleOf("\x97"), /opcode NEXT_BUFFER/],
  ["READONLY_BUFFER", pickleOf("\x98"), /opcode READONLY_BUFFER/],
  ["NEWOBJ_EX", pickleOf(global("argparse", "Namespace"), ")}\x92"), /opcode NEWOBJ_EX/],
  ["PERSID, a line for an id", pickleOf("Pevil\n"), /opcode PERSID/],
  ["DUP", pickleOf("}2"), /opcode DUP/],
  ["POP", pickleOf("}}0"), /opcode POP/],
  ["protocol 1", raw("\x80\x01}."), /PROTO 2 to 5/],
  ["protocol 6", raw("\x80\x06}."), /PROTO 2 to 5/],
  ["MEMOIZE over a memo entry", pickleOf("}", put(1), "\x94"), /memo 1 is written twice/],
  ["ADDITEMS to a list", pickleOf("](N\x90"), /ADDITEMS to a list/],
  ["no protocol", raw("}."), /PROTO 2/],
  ["a second PROTO", pickleOf("\x80\x02}"), /opcode PROTO/],
  ["an opcode that there is not", pickleOf("\xff"), /opcode 0xff/],
  ["junk after STOP", raw(PICKLE, "junk"), /4 bytes after STOP/],
  ["a second pickle after STOP", raw(PICKLE, call("os", "system")), /bytes after STOP/],
  [
    "a memo entry written twice",
    pickleOf("}", put(0), text("x"), put(0), "0"),
    /memo 0 is written twice/,
  ],
  ["a call of a text", pickleOf(text("os.system"), text("id"), "\x85R"), /REDUCE calls a text/],
  ["a call of a tensor", pickleOf(tensor(), ")R"), /REDUCE calls a tensor/],
  [
    "a call of a storage type",
    pickleOf(global("torch", "FloatStorage"), ")R"),
    /REDUCE calls a storage/,
  ],
  [
    "a call of Namespace",
    pickleOf(global("argparse", "Namespace"), ")R"),
    /REDUCE calls a namespace/,
  ],
  [
    "OrderedDict of a list",
    pickleOf(global("collections", "OrderedDict"), "]\x85R"),
    /OrderedDict is given/,
  ],
  [
    "NEWOBJ of a storage type",
    pickleOf(global("torch", "FloatStorage"), ")\x81"),
    /NEWOBJ of a global/,
  ],
  [
    "NEWOBJ of Namespace with arguments",
    pickleOf(global("argparse", "Namespace"), int(1), "\x85\x81"),
    /NEWOBJ of/,
  ],
  [
    "BUILD on a tensor",
    pickleOf(tensor(), tuple(storage()), "b"),
    /BUILD of a tensor from a tuple/,
  ],
  ["BUILD on a dict", pickleOf("}}b"), /BUILD of a dict/],
  ["BUILD on a list", pickleOf("]}b"), /BUILD of a list/],
  ["BUILD on a global", pickleOf(global("argparse", "Namespace"), "}b"), /BUILD of a global/],
  ["BUILD with slots", pickleOf(ORDERED_DICT, "}}\x86b"), /BUILD of a dict from a tuple/],
  ["SETITEM on a tensor", pickleOf(tensor(), text("k"), "Ns"), /SETITEM on a tensor/],
  ["SETITEM on a list", pickleOf("]", int(0), "Ns"), /SETITEM on a list/],
  [
    "SETITEMS on a global",
    pickleOf(global("torch", "FloatStorage"), "(", text("k"), "Nu"),
    /SETITEM on a global/,
  ],
  ["APPEND to a tuple", pickleOf(")Na"), /APPEND to a tuple/],
  ["APPENDS to a dict", pickleOf("}(Ne"), /APPEND to a dict/],
  [
    "a persistent id that is a text",
    pickleOf(text("evil"), "Q"),
    /a persistent id that is not a storage's/,
  ],
  [
    "a persistent id of another kind",
    pickleOf(
      tuple(text("module"), global("torch", "FloatStorage"), text("0"), text("cpu"), int(6)),
      "Q",
    ),
    /persistent id/,
  ],
  [
    "a persistent id in a persistent id",
    pickleOf(tuple(text("storage"), storage(), text("0"), text("cpu"), int(6)), "Q"),
    /persistent id/,
  ],
  [
    "a persistent id with more than it has",
    pickleOf(
      tuple(text("storage"), global("torch", "FloatStorage"), text("0"), text("cpu"), int(6), "N"),
      "Q",
    ),
    /persistent id/,
  ],
  [
    "a storage of a function",
    pickleOf(
      tuple(text("storage"), global("collections", "OrderedDict"), text("0"), text("cpu"), int(6)),
      "Q",
    ),
    /persistent id/,
  ],
  [
    "a tensor of another tensor",
    dictOf(text("w"), tensor({ storage: tensor() }), "s"),
    /_rebuild_tensor_v2 with \(a tensor/,
  ],
  [
    "a tensor with hooks",
    dictOf(text("w"), tensor({ hooks: raw(ORDERED_DICT, text("k"), "Ns") }), "s"),
    /_rebuild_tensor_v2 with/,
  ],
  [
    "a tensor with metadata",
    dictOf(text("w"), tensor({ more: "}" }), "s"),
    /_rebuild_tensor_v2 with/,
  ],
  [
    "a parameter of no tensor",
    pickleOf(global("torch._utils", "_rebuild_parameter"), tuple("N", "\x88", ORDERED_DICT), "R"),
    /_rebuild_parameter with/,
  ],
  ["1,000,000 MARKs", pickleOf("(".repeat(1_000_000)), /more than 1000 open MARKs/],
  ["1,000,001 opcodes", pickleOf("N".repeat(1_000_001)), /more than 1000000 opcodes/],
  ["tuples 1,001 deep", pickleOf(")", "\x85".repeat(1001)), /tuples more than 1000 deep/],
];
for (const [what, bytes, wanted] of BYPASSES) {
  Deno.test({
    name: `readPickle() refuses ${what} as unsafe`,
    permissions: "none",
    fn: () => refuses(bytes, wanted, UnsafePickleError),
  });
}

/** Damage, and claims about tensors that the archive does not bear out. */
const DAMAGED: readonly (readonly [string, Uint8Array, RegExp])[] = [
  ["no STOP", raw("\x80\x02}"), /cut short/],
  ["STOP without a value", pickleOf(), /STOP with other than one value/],
  ["STOP with two values", pickleOf("}}"), /STOP with other than one value/],
  ["STOP within a MARK", pickleOf("}(}"), /STOP with other than one value/],
  ["a TUPLE without a MARK", pickleOf("t"), /no MARK is open/],
  ["a value from below its MARK", pickleOf("}(\x85t"), /the stack is empty/],
  ["an empty stack", pickleOf("R"), /the stack is empty/],
  ["PUT of nothing", pickleOf(put(0)), /the stack is empty/],
  ["GET of nothing", pickleOf(get(7)), /memo 7 is empty/],
  ["a text longer than the pickle", raw("\x80\x02X\xff\xff\xff\x7fab"), /cut short/],
  ["a text that is not UTF-8", pickleOf("X\x02\x00\x00\x00\xff\xfe"), /not UTF-8/],
  ["half a surrogate pair", pickleOf("X\x03\x00\x00\x00\xed\xa0\x80"), /not UTF-8/],
  ["a GLOBAL without its end", raw("\x80\x02ctorch"), /no end of a GLOBAL's line/],
  ["a GLOBAL of 10,000 letters", pickleOf(global("a".repeat(10_000), "b")), /within 256 bytes/],
  ["a LONG1 cut short", raw("\x80\x02\x8a\xff\x01"), /cut short/],
  ["a key twice", dictOf(text("a"), "Ns", text("a"), "Ns"), /duplicate key "a"/],
  ["a key that is a list", dictOf("]Ns"), /a list as a key/],
  ["a set of dicts", pickleOf("\x8f(}\x90"), /a dict as a key or an item of a set/],
  ["a frozenset of sets", pickleOf("(\x8f\x91"), /a set as a key or an item of a set/],
  ["a FRAME longer than the pickle", pickleOf("\x95\x09\0\0\0\0\0\0\0}"), /cut short/],
  ["a FRAME of 2^63 bytes", pickleOf("\x95\0\0\0\0\0\0\0\x80}"), /cut short/],
  ["bytes longer than the pickle", pickleOf("B\xff\xff\xff\xffab"), /cut short/],
  ["8-byte lengths beyond the pickle", pickleOf("\x8e\xff\0\0\0\0\0\0\x7fab"), /cut short/],
  ["STACK_GLOBAL of a list", pickleOf(text("os"), "]\x93"), /STACK_GLOBAL of a text and a list/],
  ["STACK_GLOBAL of one text", pickleOf(text("os"), "\x93"), /the stack is empty/],
  ["SETITEMS of three", dictOf("(", text("a"), "N", text("b"), "u"), /a key without a value/],
  [
    "arguments that are no tuple",
    pickleOf(global("collections", "OrderedDict"), "]R"),
    /wanted a tuple/,
  ],
  [
    "a storage that is not there",
    dictOf(text("w"), tensor({ key: "1" }), "s"),
    /no entry "data\/1" for a storage/,
  ],
  [
    "a storage named by a path",
    dictOf(text("w"), tensor({ key: "../0" }), "s"),
    /no entry "data\/\.\.\/0"/,
  ],
  [
    "more elements than the entry has",
    dictOf(text("w"), tensor({ count: 7 }), "s"),
    /needs 28 bytes, its entry has 24/,
  ],
  [
    "fewer elements than the entry has",
    dictOf(text("w"), tensor({ count: 5 }), "s"),
    /needs 20 bytes/,
  ],
  [
    "wider elements than the entry has",
    dictOf(text("w"), tensor({ type: "DoubleStorage" }), "s"),
    /needs 48 bytes/,
  ],
  [
    "an offset past the storage",
    dictOf(text("w"), tensor({ offset: int(1) }), "s"),
    /element 6 beyond a storage of 6/,
  ],
  [
    "an offset far past the storage",
    dictOf(text("w"), tensor({ offset: int(7), size: tuple(int(0)), stride: tuple(int(1)) }), "s"),
    /offset 7 beyond/,
  ],
  [
    "a stride past the storage",
    dictOf(text("w"), tensor({ stride: tuple(int(4), int(1)) }), "s"),
    /element 6 beyond/,
  ],
  [
    "a stride of 0 that makes 1e9 elements of one",
    dictOf(text("w"), tensor({ size: tuple(int(1_000_000_000)), stride: tuple(int(0)) }), "s"),
    /more elements than its storage's 6/,
  ],
  [
    "a size that overflows",
    dictOf(
      text("w"),
      tensor({ size: tuple(int(2 ** 30), int(2 ** 30)), stride: tuple(int(0), int(0)) }),
      "s",
    ),
    /the shape overflows/,
  ],
  [
    "a size without a stride",
    dictOf(text("w"), tensor({ stride: tuple(int(1)) }), "s"),
    /not a stride for each size/,
  ],
  [
    "33 dimensions",
    dictOf(
      text("w"),
      tensor({ size: tuple(...Array(33).fill(int(1))), stride: tuple(...Array(33).fill(int(1))) }),
      "s",
    ),
    /33 dimensions/,
  ],
  [
    "a storage of two types",
    dictOf(text("w"), tensor(), "s", text("v"), tensor({ type: "IntStorage" }), "s"),
    /storage "0" of I32, before of F32/,
  ],
  [
    "a gradient of a parameter of integers",
    pickleOf(
      global("torch._utils", "_rebuild_parameter"),
      tuple(tensor({ type: "IntStorage" }), "\x88", ORDERED_DICT),
      "R",
    ),
    /a gradient of integers/,
  ],
  [
    "a gradient of integers",
    dictOf(text("w"), tensor({ type: "IntStorage", requiresGrad: "\x88" }), "s"),
    /a gradient of integers/,
  ],
];
for (const [what, bytes, wanted] of DAMAGED) {
  Deno.test({
    name: `readPickle() refuses ${what}`,
    permissions: "none",
    fn: () => refuses(bytes, wanted, FormatError),
  });
}

/** What no number of elements or offset may be. */
const NO_COUNTS: readonly (readonly [string, PicklePart])[] = [
  ["a negative int", int(-1)],
  ["a float", "G\x40\x00\x00\x00\x00\x00\x00\x00"],
  ["a bool", "\x88"],
  ["an int beyond 2^53", long(0, 0, 0, 0, 0, 0, 0, 1)],
  ["a negative LONG1", long(0xff)],
  ["None", "N"],
  ["a text", text("2")],
];
for (const [what, part] of NO_COUNTS) {
  Deno.test({
    name: `readPickle() refuses ${what} as an offset, a size, a stride and a count of elements`,
    permissions: "none",
    fn() {
      const wanted = /_rebuild_tensor_v2 with|a persistent id/;
      refuses(dictOf(text("w"), tensor({ offset: part }), "s"), wanted, FormatError);
      refuses(dictOf(text("w"), tensor({ size: tuple(int(2), part) }), "s"), wanted, FormatError);
      refuses(dictOf(text("w"), tensor({ stride: tuple(int(3), part) }), "s"), wanted, FormatError);
      const id = tuple(
        text("storage"),
        global("torch", "FloatStorage"),
        text("0"),
        text("cpu"),
        part,
      );
      refuses(pickleOf(id, "Q"), wanted, FormatError);
    },
  });
}

Deno.test("readPickle() refuses a pickle over 64 MiB without reading it", () => {
  const bytes = new Uint8Array(64 * 2 ** 20 + 1);
  refuses(bytes, /a pickle of 67108865 bytes, at most 67108864/, FormatError);
});

Deno.test("readPickle() reads every value of a checkpoint", () => {
  const value = read(pickleOf(
    "}(",
    text("none"),
    "N",
    text("true"),
    "\x88",
    text("false"),
    "\x89",
    text("ints"),
    "]",
    "(K\xffM\xff\xff",
    int(-2),
    long(),
    long(0xff),
    long(0, 1),
    "e",
    text("big"),
    long(0, 0, 0, 0, 0, 0, 0, 0x80),
    text("float"),
    "G\xbf\xe0\x00\x00\x00\x00\x00\x00",
    text("short"),
    "U\x02ab",
    text("tuples"),
    ")",
    "\x85",
    text("one"),
    "]Na",
    "u",
  ));
  assert(value instanceof PickleDict);
  assert.deepEqual([value.get("none"), value.get("true"), value.get("false")], [null, true, false]);
  assert.deepEqual(value.get("ints"), [255, 65535, -2, 0, -1, 256]);
  assert.equal(value.get("big"), -(2n ** 63n));
  assert.deepEqual(value.get("float"), new PickleFloat(-0.5));
  assert.equal(value.get("short"), "ab");
  assert.deepEqual(value.get("tuples"), new PickleTuple([new PickleTuple([])]));
  assert.deepEqual(value.get("one"), [null]);
});

Deno.test("readPickle() skips the bytes, sets and keys of protocols 3 to 5", () => {
  const value = read(raw(
    "\x80\x05\x95\x05\0\0\0\0\0\0\0}\x94(",
    "\x8c\x05short\x94",
    "C\x02\xff\xfe",
    "\x8d\x04\0\0\0\0\0\0\0long",
    "B\x01\0\0\0\xff",
    "\x8c\x04wide",
    "\x8e\x01\0\0\0\0\0\0\0\xff",
    "\x8c\x05array",
    "\x96\x01\0\0\0\0\0\0\0\xff",
    "\x8c\x03set",
    "\x8f(K\x01K\x02\x90",
    "\x8c\x06frozen",
    "(K\x01\x91",
    "\x8c\x05again",
    "h\x01",
    ...["\x88K\x01", ")N", "NN"],
    "u.",
  ));
  assert(value instanceof PickleDict);
  const bytes = new PickleBytes();
  const set = new PickleSet();
  assert.deepEqual([...value], [
    ["short", bytes],
    ["long", bytes],
    ["wide", bytes],
    ["array", bytes],
    ["set", set],
    ["frozen", set],
    ["again", "short"],
  ]);
});

Deno.test("readPickle() reads tensors of the types that only _rebuild_tensor_v3 names", () => {
  const v3 = (dtype: string, count: number) =>
    raw(
      global("torch._utils", "_rebuild_tensor_v3"),
      tuple(
        tuple(text("storage"), global("torch.storage", "UntypedStorage"), text("0")).slice(0, -1),
        raw(text("cpu"), int(24), "tQ"),
        int(0),
        tuple(int(count)),
        tuple(int(1)),
        "\x89",
        ORDERED_DICT,
        global("torch", dtype),
      ),
      "R",
    );
  const layout = (dtype: string, count: number) => {
    const value = read(pickleOf(v3(dtype, count)));
    assert(value instanceof PickleTensor);
    return [value.storage.dtype, value.storage.count, value.layout.shape[0]];
  };
  assert.deepEqual(layout("uint16", 12), ["U16", 12, 12]);
  assert.deepEqual(layout("uint64", 2), ["U64", 3, 2]);
  assert.deepEqual(layout("float8_e4m3fn", 24), ["F8_E4M3", 24, 24]);
  refuses(pickleOf(v3("uint32", 7)), /element 6 beyond a storage of 6/, FormatError);
  assert(read(pickleOf(v3("float4_e2m1fn_x2", 24))) instanceof PickleUnread);
});

Deno.test("readPickle() treats keys such as __proto__ and constructor as plain keys", () => {
  const value = read(
    dictOf(text("__proto__"), "}", text("polluted"), "\x88ss", text("constructor"), "Ns"),
  );
  assert(value instanceof PickleDict);
  assert.deepEqual([...value.keys()], ["__proto__", "constructor"]);
  assert.equal(({} as Record<string, unknown>).polluted, undefined);
});

Deno.test("readPickle() reads memo and shared values without copying their content", () => {
  // Each tuple holds the one before twice: 2^900 leaves if anyone were to walk them.
  const doubled = Array.from({ length: 900 }, (_, i) => {
    const index = fields([4, i]);
    return join(raw("r", index, "j", index), raw("\x86"));
  });
  const value = read(dictOf(text("w"), tensor(), "s", text("bomb"), ")", ...doubled, "s"));
  assert(value instanceof PickleDict && value.get("w") instanceof PickleTensor);
});

Deno.test("readPickle() drops the attributes of a state dict and of a namespace", () => {
  const metadata = raw("}", text("_metadata"), ORDERED_DICT, "s");
  assert.equal((read(pickleOf(ORDERED_DICT, metadata, "b")) as PickleDict).size, 0);
  const namespace = raw(global("argparse", "Namespace"), ")\x81}", text("lr"), "Nsb");
  assert.equal((read(dictOf(text("args"), namespace, "s")) as PickleDict).size, 1);
});
