/**
 * Reads the pickles that `torch.save` writes, as data. Nothing is imported, looked up by name or
 * called.
 *
 * A weight is read only if all globals that build it are listed by {@link knownGlobal}. Every other
 * global, and every result of calling one, is a {@link PickleUnread}: a name without content, from
 * which no tensor can be built. So the state of an optimizer or a random generator beside the
 * weights is skipped, and an attack has no effect. An opcode that no checkpoint needs, or a known
 * global with other arguments than PyTorch's, refuses the whole pickle.
 *
 * CPython's `Lib/pickletools.py` (https://github.com/python/cpython) defines the opcodes.
 * @module
 */
import { FormatError } from "../../errors.ts";
import { PickleCursor } from "./pickle_cursor.ts";
import { opcodeName } from "./pickle_opcodes.ts";
import { knownGlobal, newObject, reduce, storageOf, type StorageSizes } from "./pickle_tensor.ts";
import {
  describeValue,
  PickleBytes,
  PickleDict,
  PickleFloat,
  PickleNamespace,
  PickleSet,
  type PickleStorage,
  PickleTuple,
  PickleUnread,
  type PickleValue,
} from "./pickle_values.ts";
import { shown } from "../../text.ts";

/** Longest accepted pickle. A checkpoint of a thousand tensors has about 100 KB. */
const MAX_BYTES = 64 * 2 ** 20;
/** Most accepted opcodes. */
const MAX_OPS = 1_000_000;
/** Most open marks, and deepest nesting of tuples. */
const MAX_DEPTH = 1000;
/** Most recorded names of unread globals. */
const MAX_NAMES = 1000;
/** Accepted protocols. `torch.save` writes 2 by default. */
const PROTOCOLS = { first: 2, last: 5 };

/** Labels of {@link readPickle}, and the storages of the archive. */
export interface ReadPickleOptions {
  /** Name of the file in messages. */
  file?: string;
  /** Bytes of each storage's entry; by default there are no storages. */
  sizeOf?: StorageSizes;
  /** Receives the names of unknown globals, which were not read. */
  unread?: Set<string>;
}

/**
 * Reads the pickle of a checkpoint.
 *
 * @param bytes the whole pickle
 * @throws {UnsafePickleError} if it requires anything but data, naming the opcode or the global
 * @throws {FormatError} if it is damaged
 */
export function readPickle(bytes: Uint8Array, options: ReadPickleOptions = {}): PickleValue {
  const { file = "pickle" } = options;
  if (bytes.length > MAX_BYTES) {
    throw new FormatError(`${file}: a pickle of ${bytes.length} bytes, at most ${MAX_BYTES}`);
  }
  return new Machine(new PickleCursor(bytes, file), options).run();
}

class Machine {
  readonly #in: PickleCursor;
  readonly #sizeOf: StorageSizes;
  readonly #unread: Set<string>;
  readonly #memo = new Map<number, PickleValue>();
  readonly #storages = new Map<string, PickleStorage>();
  /** Stacks below the open marks. No opcode can reach below its mark. */
  readonly #below: PickleValue[][] = [];
  #stack: PickleValue[] = [];

  constructor(cursor: PickleCursor, { sizeOf, unread }: ReadPickleOptions) {
    this.#in = cursor;
    this.#sizeOf = sizeOf ?? (() => undefined);
    this.#unread = unread ?? new Set();
  }

  run(): PickleValue {
    this.#protocol();
    for (let ops = 1;; ops++) {
      const code = this.#in.opcode();
      if (ops > MAX_OPS) this.#in.unsafe(`more than ${MAX_OPS} opcodes`);
      if (code === 0x2e) return this.#stop();
      this.#step(code);
    }
  }

  #protocol(): void {
    const { first, last } = PROTOCOLS;
    const proto = this.#in.left >= 2 && this.#in.opcode() === 0x80 ? this.#in.u8() : 0;
    if (proto < first || proto > last) {
      this.#in.unsafe(`does not start with PROTO ${first} to ${last}, the protocols of torch.save`);
    }
  }

  #stop(): PickleValue {
    if (this.#in.left > 0) this.#in.unsafe(`${this.#in.left} bytes after STOP`);
    const [value, ...more] = this.#stack;
    if (this.#below.length > 0 || value === undefined || more.length > 0) {
      this.#in.malformed("STOP with other than one value");
    }
    return value;
  }

  #step(code: number): void {
    switch (code) {
      case 0x28: // MARK
        if (this.#below.length === MAX_DEPTH) {
          this.#in.unsafe(`more than ${MAX_DEPTH} open MARKs`);
        }
        this.#below.push(this.#stack);
        this.#stack = [];
        return;
      case 0x95: // FRAME
        return void this.#in.u64();
      case 0x4e: // NONE
        return this.#push(null);
      case 0x88: // NEWTRUE
        return this.#push(true);
      case 0x89: // NEWFALSE
        return this.#push(false);
      case 0x4b: // BININT1
        return this.#push(this.#in.u8());
      case 0x4d: // BININT2
        return this.#push(this.#in.u16());
      case 0x4a: // BININT
        return this.#push(this.#in.i32());
      case 0x8a: // LONG1
        return this.#push(this.#in.long());
      case 0x47: // BINFLOAT
        return this.#push(new PickleFloat(this.#in.f64()));
      case 0x58: // BINUNICODE
        return this.#push(this.#in.text(this.#in.u32()));
      case 0x55: // SHORT_BINSTRING
      case 0x8c: // SHORT_BINUNICODE
        return this.#push(this.#in.text(this.#in.u8()));
      case 0x8d: // BINUNICODE8
        return this.#push(this.#in.text(this.#in.u64()));
      case 0x43: // SHORT_BINBYTES
        return this.#bytes(this.#in.u8());
      case 0x42: // BINBYTES
        return this.#bytes(this.#in.u32());
      case 0x8e: // BINBYTES8
      case 0x96: // BYTEARRAY8
        return this.#bytes(this.#in.u64());
      case 0x5d: // EMPTY_LIST
        return this.#push([]);
      case 0x7d: // EMPTY_DICT
        return this.#push(new PickleDict(false));
      case 0x8f: // EMPTY_SET
        return this.#push(new PickleSet());
      case 0x90: // ADDITEMS
        return this.#addItems(this.#popMark());
      case 0x91: // FROZENSET
        return this.#frozenSet(this.#popMark());
      case 0x29: // EMPTY_TUPLE
        return this.#push(new PickleTuple([]));
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        return this.#tuple(this.#popSeveral(code - 0x84));
      case 0x74: // TUPLE
        return this.#tuple(this.#popMark());
      case 0x71: // BINPUT
        return this.#put(this.#in.u8());
      case 0x72: // LONG_BINPUT
        return this.#put(this.#in.u32());
      case 0x94: // MEMOIZE
        return this.#put(this.#memo.size);
      case 0x68: // BINGET
        return this.#get(this.#in.u8());
      case 0x6a: // LONG_BINGET
        return this.#get(this.#in.u32());
      case 0x61: // APPEND
        return this.#append([this.#pop()]);
      case 0x65: // APPENDS
        return this.#append(this.#popMark());
      case 0x73: // SETITEM
        return this.#setItems(this.#popSeveral(2));
      case 0x75: // SETITEMS
        return this.#setItems(this.#popMark());
      case 0x63: // GLOBAL
        return this.#global(this.#in.line(), this.#in.line());
      case 0x93: // STACK_GLOBAL
        return this.#stackGlobal();
      case 0x52: { // REDUCE
        const args = this.#pop();
        return this.#push(reduce(this.#pop(), args, this.#in));
      }
      case 0x81: { // NEWOBJ
        const args = this.#pop();
        return this.#push(newObject(this.#pop(), args, this.#in));
      }
      case 0x62: // BUILD
        return this.#build();
      case 0x51: // BINPERSID
        return this.#push(this.#storage(storageOf(this.#pop(), this.#sizeOf, this.#in)));
      default:
        return this.#in.unsafe(`opcode ${opcodeName(code)} is not one that a checkpoint needs`);
    }
  }

  #push(value: PickleValue): void {
    this.#stack.push(value);
  }

  #pop(): PickleValue {
    const value = this.#stack.pop();
    return value === undefined ? this.#in.malformed("the stack is empty") : value;
  }

  #popSeveral(count: number): PickleValue[] {
    if (this.#stack.length < count) this.#in.malformed("the stack is empty");
    return this.#stack.splice(-count);
  }

  #popMark(): PickleValue[] {
    const items = this.#stack;
    this.#stack = this.#below.pop() ?? this.#in.malformed("no MARK is open");
    return items;
  }

  #top(): PickleValue {
    return this.#stack.at(-1) ??
      (this.#stack.length ? null : this.#in.malformed("the stack is empty"));
  }

  #tuple(items: PickleValue[]): void {
    const tuple = new PickleTuple(items);
    if (tuple.depth > MAX_DEPTH) this.#in.unsafe(`tuples more than ${MAX_DEPTH} deep`);
    this.#push(tuple);
  }

  /** Skips content that no weight is built from. */
  #bytes(length: number): void {
    this.#in.skip(length);
    this.#push(new PickleBytes());
  }

  /** Refuses to write a memo entry twice, since scanners and readers could see different values. */
  #put(index: number): void {
    const value = this.#top();
    if (this.#memo.has(index)) this.#in.unsafe(`memo ${index} is written twice`);
    this.#memo.set(index, value);
  }

  #get(index: number): void {
    const value = this.#memo.get(index);
    this.#push(value === undefined ? this.#in.malformed(`memo ${index} is empty`) : value);
  }

  #append(items: readonly PickleValue[]): void {
    const list = this.#top();
    if (isUnreadResult(list)) return;
    if (!Array.isArray(list)) this.#in.unsafe(`APPEND to ${describeValue(list)}`);
    for (const item of items) list.push(item);
  }

  #frozenSet(items: readonly PickleValue[]): void {
    this.#push(new PickleSet());
    this.#addItems(items);
  }

  #addItems(items: readonly PickleValue[]): void {
    const set = this.#top();
    if (!(set instanceof PickleSet)) this.#in.unsafe(`ADDITEMS to ${describeValue(set)}`);
    for (const item of items) this.#checkKey(item);
  }

  /**
   * Sets items of a dict. An item whose key is not a text or a number is left out, since no weight
   * has such a key.
   */
  #setItems(items: readonly PickleValue[]): void {
    const dict = this.#top();
    if (items.length % 2 !== 0) this.#in.malformed("SETITEMS with a key without a value");
    if (isUnreadResult(dict)) return;
    if (!(dict instanceof PickleDict)) this.#in.unsafe(`SETITEM on ${describeValue(dict)}`);
    for (let i = 0; i < items.length; i += 2) {
      const key = items[i];
      this.#checkKey(key);
      if (typeof key !== "string" && typeof key !== "number") continue;
      if (dict.has(key)) this.#in.malformed(`duplicate key ${shown(String(key))}`);
      dict.set(key, items[i + 1]);
    }
  }

  /** Refuses mutable keys, as Python does. */
  #checkKey(key: PickleValue): void {
    const changes = Array.isArray(key) || key instanceof PickleDict || key instanceof PickleSet;
    if (changes) this.#in.malformed(`${describeValue(key)} as a key or an item of a set`);
  }

  #stackGlobal(): void {
    const [module, name] = this.#popSeveral(2);
    if (typeof module !== "string" || typeof name !== "string") {
      this.#in.malformed(`STACK_GLOBAL of ${describeValue(module)} and ${describeValue(name)}`);
    }
    this.#global(module, name);
  }

  #global(module: string, name: string): void {
    const known = knownGlobal(`${module} ${name}`);
    if (known) return this.#push(known);
    const unread = PickleUnread.global(module, name);
    if (this.#unread.size < MAX_NAMES) this.#unread.add(unread.name);
    this.#push(unread);
  }

  /** Returns the first storage of a key, as PyTorch does, whatever later ones say. */
  #storage(storage: PickleStorage | PickleUnread): PickleStorage | PickleUnread {
    if (storage instanceof PickleUnread) return storage;
    const first = this.#storages.get(storage.key) ?? storage;
    if (first.dtype !== storage.dtype) {
      this.#in.malformed(
        `storage ${shown(storage.key)} of ${storage.dtype}, before of ${first.dtype}`,
      );
    }
    this.#storages.set(storage.key, first);
    return first;
  }

  /**
   * Drops attributes of a module's state dict (its versions), of a namespace and of an unread
   * object.
   */
  #build(): void {
    const state = this.#pop();
    const target = this.#top();
    if (isUnreadResult(target)) return;
    const takes = target instanceof PickleNamespace ||
      (target instanceof PickleDict && target.ordered);
    const plain = takes && state instanceof PickleDict && !state.ordered;
    if (!plain) {
      this.#in.unsafe(`BUILD of ${describeValue(target)} from ${describeValue(state)}`);
    }
  }
}

/** True for the result of calling an unknown global; everything put into it is dropped. */
function isUnreadResult(value: PickleValue): boolean {
  return value instanceof PickleUnread && value.called;
}
