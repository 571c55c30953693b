/**
 * Helpers for memory on both sides of the edge: out-pointers, C strings, addresses of typed arrays.
 * @module
 */

const encoder = new TextEncoder();

/** One pointer-sized cell that C writes into. */
export class OutPointer {
  /** The cell, to pass as a `"buffer"`. */
  readonly cell: BigUint64Array<ArrayBuffer> = new BigUint64Array(1);

  /** What C wrote; null for NULL. */
  get pointer(): Deno.PointerValue {
    return Deno.UnsafePointer.create(this.cell[0]);
  }

  /** What C wrote where the contract of the call rules out NULL. */
  get object(): Deno.PointerObject {
    const pointer = this.pointer;
    if (pointer === null) throw new TypeError("ONNX Runtime returned a null pointer");
    return pointer;
  }
}

/**
 * UTF-8 with a terminating zero.
 *
 * @throws {TypeError} when the text holds a zero itself, where C would cut it
 */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  if (text.includes("\0")) {
    throw new TypeError(`text for a C string holds a NUL: ${JSON.stringify(text)}`);
  }
  return encoder.encode(text + "\0");
}

/** Copy of the C string at a pointer; "" for NULL. */
export function readCString(pointer: Deno.PointerValue): string {
  return pointer === null ? "" : new Deno.UnsafePointerView(pointer).getCString();
}

/** Address of a typed array's first byte; it holds only while the array is reachable. */
export function addressOf(view: ArrayBufferView): Deno.PointerValue {
  // Small arrays live inside the collector's heap, where they may move, until their `buffer` is
  // asked for once.
  void view.buffer;
  return Deno.UnsafePointer.of(view as Uint8Array<ArrayBuffer>);
}

/** Packs pointers into the array form C wants. */
export function pointerArray(pointers: readonly Deno.PointerValue[]): BigUint64Array<ArrayBuffer> {
  return BigUint64Array.from(pointers, (pointer) => Deno.UnsafePointer.value(pointer));
}

/** Pointer number `index` of an array that C returned. */
export function pointerAt(array: Deno.PointerObject, index: number): Deno.PointerValue {
  return new Deno.UnsafePointerView(array).getPointer(index * 8);
}

/** Pointers out of an array that C filled for us. */
export function unpackPointers(array: BigUint64Array): Deno.PointerValue[] {
  return Array.from(array, (address) => Deno.UnsafePointer.create(address));
}

/**
 * The number of a pointer, for another thread of this process: a Worker shares the address space,
 * not the objects.
 */
export function pointerToAddress(pointer: Deno.PointerObject): bigint {
  return Deno.UnsafePointer.value(pointer);
}

/** The pointer of a number that {@link pointerToAddress} gave; its owner is another thread. */
export function pointerFromAddress(address: bigint): Deno.PointerObject {
  const pointer = Deno.UnsafePointer.create(address);
  if (pointer === null) throw new TypeError("address is 0, wanted that of a native object");
  return pointer;
}

/** Copies bytes from native memory into `target`, filling it. */
export function copyFrom(source: Deno.PointerObject, target: ArrayBufferView<ArrayBuffer>): void {
  const bytes = new Uint8Array(target.buffer, target.byteOffset, target.byteLength);
  if (bytes.length > 0) new Deno.UnsafePointerView(source).copyInto(bytes);
}

/** `const char*[]` whose strings stay alive as long as this object does. */
export class CStringArray {
  /** The array, to pass as a `"buffer"`. */
  readonly pointers: BigUint64Array<ArrayBuffer>;
  readonly #pinnedStrings: readonly Uint8Array[];

  constructor(texts: readonly string[]) {
    this.#pinnedStrings = texts.map(cString);
    this.pointers = pointerArray(this.#pinnedStrings.map(addressOf));
  }

  /** Number of strings. */
  get length(): number {
    return this.#pinnedStrings.length;
  }
}
