/**
 * Names of pickle's opcodes. CPython's `Lib/pickletools.py` (https://github.com/python/cpython)
 * lists them.
 * @module
 */

const NAMES: readonly (readonly [number, string])[] = [
  ...Object.entries({
    "(": "MARK",
    ".": "STOP",
    "0": "POP",
    "1": "POP_MARK",
    "2": "DUP",
    "F": "FLOAT",
    "I": "INT",
    "J": "BININT",
    "K": "BININT1",
    "L": "LONG",
    "M": "BININT2",
    "N": "NONE",
    "P": "PERSID",
    "Q": "BINPERSID",
    "R": "REDUCE",
    "S": "STRING",
    "T": "BINSTRING",
    "U": "SHORT_BINSTRING",
    "V": "UNICODE",
    "X": "BINUNICODE",
    "a": "APPEND",
    "b": "BUILD",
    "c": "GLOBAL",
    "d": "DICT",
    "}": "EMPTY_DICT",
    "e": "APPENDS",
    "g": "GET",
    "h": "BINGET",
    "i": "INST",
    "j": "LONG_BINGET",
    "l": "LIST",
    "]": "EMPTY_LIST",
    "o": "OBJ",
    "p": "PUT",
    "q": "BINPUT",
    "r": "LONG_BINPUT",
    "s": "SETITEM",
    "t": "TUPLE",
    ")": "EMPTY_TUPLE",
    "u": "SETITEMS",
    "G": "BINFLOAT",
    "B": "BINBYTES",
    "C": "SHORT_BINBYTES",
  }).map(([char, name]) => [char.charCodeAt(0), name] as const),
  ...[
    ...["PROTO", "NEWOBJ", "EXT1", "EXT2", "EXT4", "TUPLE1", "TUPLE2", "TUPLE3", "NEWTRUE"],
    ...["NEWFALSE", "LONG1", "LONG4", "SHORT_BINUNICODE", "BINUNICODE8", "BINBYTES8", "EMPTY_SET"],
    ...["ADDITEMS", "FROZENSET", "NEWOBJ_EX", "STACK_GLOBAL", "MEMOIZE", "FRAME", "BYTEARRAY8"],
    ...["NEXT_BUFFER", "READONLY_BUFFER"],
  ].map((name, i) => [0x80 + i, name] as const),
];

const BY_CODE: ReadonlyMap<number, string> = new Map(NAMES);

/** Returns the name of an opcode, or its code if it has none. */
export function opcodeName(code: number): string {
  return BY_CODE.get(code) ?? `0x${code.toString(16).padStart(2, "0")}`;
}
