/**
 * A restricted pickle machine: reads what `torch.save` writes, as data. Nothing is imported, looked up by name or called: the opcodes
 * are those of protocol 2 that a checkpoint needs, the globals a list of exact strings, and all else is refused with its name.
 *
 * What each opcode means is in CPython's `Lib/pickletools.py` (https://github.com/python/cpython).
 * @module
 */
import { FormatError, UnsafePickleError } from "../../errors.ts";
import { opcodeName } from "./pickle_opcodes.ts";
import {
  knownGlobal,
  type PickleRefusal,
  reduce,
  storageOf,
  type StorageSizes,
} from "./pickle_tensor.ts";
import {
  describeValue,
  isGlobal,
  PickleDict,
  PickleFloat,
  PickleNamespace,
  type PickleStorage,
  PickleTuple,
  type PickleValue,
} from "./pickle_values.ts";
import { shown } from "../shown.ts";

/** Longest pickle; that of a checkpoint of a thousand tensors has some 100 KB. */
const MAX_BYTES = 64 * 2 ** 20;
/** Most opcodes. */
const MAX_OPS = 1_000_000;
/** Most open marks, and most tuples in one another. */
const MAX_DEPTH = 1000;
/** Longest line of a GLOBAL. */
const MAX_LINE = 256;

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Labels of {@link readPickle}, and what storages there are. */
export interface ReadPickleOptions {
  /** Name of the file in messages. */
  file?: string;
  /** Bytes of each storage's entry; without it there are none. */
  sizeOf?: StorageSizes;
}

/**
 * Reads the pickle of a checkpoint.
 *
 * @param bytes the whole pickle
 * @throws {UnsafePickleError} where it asks for anything but data, naming the opcode or the global
 * @throws {FormatError} where it is damaged
 */
export function readPickle(bytes: Uint8Array, options: ReadPickleOptions = {}): PickleValue {
  const { file = "pickle", sizeOf = () => undefined } = options;
  if (bytes.length > MAX_BYTES) {
    throw new FormatError(`${file}: a pickle of ${bytes.length} bytes, at most ${MAX_BYTES}`);
  }
  return new Machine(bytes, file, sizeOf).run();
}

class Machine implements PickleRefusal {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #file: string;
  readonly #sizeOf: StorageSizes;
  readonly #memo = new Map<number, PickleValue>();
  readonly #storages = new Map<string, PickleStorage>();
  /** Stacks under the open marks: no opcode reaches below its mark. */
  readonly #below: PickleValue[][] = [];
  #stack: PickleValue[] = [];
  #at = 0;
  /** Offset of the opcode in hand, for messages. */
  #op = 0;

  constructor(bytes: Uint8Array, file: string, sizeOf: StorageSizes) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#file = file;
    this.#sizeOf = sizeOf;
  }

  run(): PickleValue {
    if (this.#bytes[0] !== 0x80 || this.#bytes[1] !== 2) {
      this.unsafe("does not start with PROTO 2, the protocol of torch.save");
    }
    this.#at = 2;
    for (let ops = 1;; ops++) {
      this.#op = this.#at;
      if (ops > MAX_OPS) this.unsafe(`more than ${MAX_OPS} opcodes`);
      const code = this.#view.getUint8(this.#take(1));
      if (code === 0x2e) return this.#stop();
      this.#step(code);
    }
  }

  malformed(what: string): never {
    throw new FormatError(`${this.#file}: byte ${this.#op}: ${what}`);
  }

  unsafe(what: string): never {
    throw new UnsafePickleError(`${this.#file}: byte ${this.#op}: ${what}`, {
      hint: "a checkpoint of plain tensors needs nothing else; nothing of this one was run",
    });
  }

  #stop(): PickleValue {
    if (this.#at !== this.#bytes.length) {
      this.unsafe(`${this.#bytes.length - this.#at} bytes after STOP`);
    }
    const [value, ...more] = this.#stack;
    if (this.#below.length > 0 || value === undefined || more.length > 0) {
      this.malformed("STOP with other than one value");
    }
    return value;
  }

  #step(code: number): void {
    switch (code) {
      case 0x28: // MARK
        if (this.#below.length === MAX_DEPTH) this.unsafe(`more than ${MAX_DEPTH} open MARKs`);
        this.#below.push(this.#stack);
        this.#stack = [];
        return;
      case 0x4e: // NONE
        return this.#push(null);
      case 0x88: // NEWTRUE
        return this.#push(true);
      case 0x89: // NEWFALSE
        return this.#push(false);
      case 0x4b: // BININT1
        return this.#push(this.#view.getUint8(this.#take(1)));
      case 0x4d: // BININT2
        return this.#push(this.#view.getUint16(this.#take(2), true));
      case 0x4a: // BININT
        return this.#push(this.#view.getInt32(this.#take(4), true));
      case 0x8a: // LONG1
        return this.#push(this.#long());
      case 0x47: // BINFLOAT
        return this.#push(new PickleFloat(this.#view.getFloat64(this.#take(8))));
      case 0x58: // BINUNICODE
        return this.#push(this.#text(this.#view.getUint32(this.#take(4), true)));
      case 0x55: // SHORT_BINSTRING
        return this.#push(this.#text(this.#view.getUint8(this.#take(1))));
      case 0x5d: // EMPTY_LIST
        return this.#push([]);
      case 0x7d: // EMPTY_DICT
        return this.#push(new PickleDict(false));
      case 0x29: // EMPTY_TUPLE
        return this.#push(new PickleTuple([]));
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        return this.#tuple(this.#popSeveral(code - 0x84));
      case 0x74: // TUPLE
        return this.#tuple(this.#popMark());
      case 0x71: // BINPUT
        return this.#put(this.#view.getUint8(this.#take(1)));
      case 0x72: // LONG_BINPUT
        return this.#put(this.#view.getUint32(this.#take(4), true));
      case 0x68: // BINGET
        return this.#get(this.#view.getUint8(this.#take(1)));
      case 0x6a: // LONG_BINGET
        return this.#get(this.#view.getUint32(this.#take(4), true));
      case 0x61: // APPEND
        return this.#append([this.#pop()]);
      case 0x65: // APPENDS
        return this.#append(this.#popMark());
      case 0x73: // SETITEM
        return this.#setItems(this.#popSeveral(2));
      case 0x75: // SETITEMS
        return this.#setItems(this.#popMark());
      case 0x63: // GLOBAL
        return this.#global();
      case 0x52: { // REDUCE
        const args = this.#pop();
        return this.#push(reduce(this.#pop(), args, this));
      }
      case 0x81: // NEWOBJ
        return this.#newObject();
      case 0x62: // BUILD
        return this.#build();
      case 0x51: // BINPERSID
        return this.#push(this.#storage(storageOf(this.#pop(), this.#sizeOf, this)));
      default:
        return this.unsafe(`opcode ${opcodeName(code)} is not one that a checkpoint needs`);
    }
  }

  #take(length: number): number {
    const at = this.#at;
    if (at + length > this.#bytes.length) this.malformed("the pickle is cut short");
    this.#at += length;
    return at;
  }

  #push(value: PickleValue): void {
    this.#stack.push(value);
  }

  #pop(): PickleValue {
    const value = this.#stack.pop();
    return value === undefined ? this.malformed("the stack is empty") : value;
  }

  #popSeveral(count: number): PickleValue[] {
    if (this.#stack.length < count) this.malformed("the stack is empty");
    return this.#stack.splice(-count);
  }

  #popMark(): PickleValue[] {
    const items = this.#stack;
    this.#stack = this.#below.pop() ?? this.malformed("no MARK is open");
    return items;
  }

  #top(): PickleValue {
    return this.#stack.at(-1) ?? (this.#stack.length ? null : this.malformed("the stack is empty"));
  }

  #tuple(items: PickleValue[]): void {
    const tuple = new PickleTuple(items);
    if (tuple.depth > MAX_DEPTH) this.unsafe(`tuples more than ${MAX_DEPTH} deep`);
    this.#push(tuple);
  }

  /** Little-endian two's complement of any length up to 255 bytes. */
  #long(): number | bigint {
    const length = this.#view.getUint8(this.#take(1));
    const at = this.#take(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = value << 8n | BigInt(this.#bytes[at + i]);
    const signed = BigInt.asIntN(8 * length, value);
    const number = Number(signed);
    return Number.isSafeInteger(number) ? number : signed;
  }

  #text(length: number): string {
    const at = this.#take(length);
    try {
      return UTF8.decode(this.#bytes.subarray(at, at + length));
    } catch {
      return this.malformed("a text that is not UTF-8");
    }
  }

  /** A memo entry that is written twice shows one thing to a scanner and another to a reader. */
  #put(index: number): void {
    const value = this.#top();
    if (this.#memo.has(index)) this.unsafe(`memo ${index} is written twice`);
    this.#memo.set(index, value);
  }

  #get(index: number): void {
    const value = this.#memo.get(index);
    this.#push(value === undefined ? this.malformed(`memo ${index} is empty`) : value);
  }

  #append(items: readonly PickleValue[]): void {
    const list = this.#top();
    if (!Array.isArray(list)) this.unsafe(`APPEND to ${describeValue(list)}`);
    for (const item of items) list.push(item);
  }

  #setItems(items: readonly PickleValue[]): void {
    const dict = this.#top();
    if (!(dict instanceof PickleDict)) this.unsafe(`SETITEM on ${describeValue(dict)}`);
    if (items.length % 2 !== 0) this.malformed("SETITEMS with a key without a value");
    for (let i = 0; i < items.length; i += 2) {
      const key = items[i];
      if (typeof key !== "string" && typeof key !== "number") {
        this.malformed(`a dict's key is ${describeValue(key)}, wanted a text or an int`);
      }
      if (dict.has(key)) this.malformed(`duplicate key ${shown(String(key))}`);
      dict.set(key, items[i + 1]);
    }
  }

  #global(): void {
    const name = `${this.#line()} ${this.#line()}`;
    this.#push(knownGlobal(name) ?? this.unsafe(`GLOBAL ${shown(name.replace(" ", "."))}`));
  }

  #line(): string {
    const end = this.#bytes.subarray(this.#at, this.#at + MAX_LINE).indexOf(0x0a);
    if (end < 0) this.malformed(`no end of a GLOBAL's line within ${MAX_LINE} bytes`);
    const line = this.#text(end);
    this.#take(1);
    return line;
  }

  /** PyTorch keeps the first that it meets under a key, whatever the others say. */
  #storage(storage: PickleStorage): PickleStorage {
    const first = this.#storages.get(storage.key) ?? storage;
    if (first.dtype !== storage.dtype) {
      this.malformed(`storage ${shown(storage.key)} of ${storage.dtype}, before of ${first.dtype}`);
    }
    this.#storages.set(storage.key, first);
    return first;
  }

  #newObject(): void {
    const args = this.#pop();
    const type = this.#pop();
    const plain = isGlobal(type) && type.global === "namespace" && args instanceof PickleTuple &&
      args.items.length === 0;
    if (!plain) this.unsafe(`NEWOBJ of ${describeValue(type)} with ${describeValue(args)}`);
    this.#push(new PickleNamespace());
  }

  /** Attributes: those of a module's state dict (its versions) and of a namespace, both dropped. */
  #build(): void {
    const state = this.#pop();
    const target = this.#top();
    const takes = target instanceof PickleNamespace ||
      (target instanceof PickleDict && target.ordered);
    const plain = takes && state instanceof PickleDict && !state.ordered;
    if (!plain) this.unsafe(`BUILD of ${describeValue(target)} from ${describeValue(state)}`);
  }
}
