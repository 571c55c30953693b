/** Helpers for native memory: out-pointers, C strings, addresses of typed arrays. @module */

const encoder = new TextEncoder();

/** One pointer-sized cell that C writes into. */
export class OutPointer {
  /** The cell, to pass as a `"buffer"`. */
  readonly cell: BigUint64Array<ArrayBuffer> = new BigUint64Array(1);

  /** Pointer that C wrote; null for NULL. */
  get pointer(): Deno.PointerValue {
    return Deno.UnsafePointer.create(this.cell[0]);
  }

  /** Pointer that C wrote, for calls that never return NULL. */
  get object(): Deno.PointerObject {
    const pointer = this.pointer;
    if (pointer === null) throw new TypeError("ONNX Runtime returned a null pointer");
    return pointer;
  }
}

/**
 * Encodes text as UTF-8 with a terminating zero.
 *
 * @throws {TypeError} if the text contains a zero, at which C would cut it
 */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  if (text.includes("\0")) {
    throw new TypeError(`text for a C string holds a NUL: ${JSON.stringify(text)}`);
  }
  return encoder.encode(text + "\0");
}

/**
 * A path as ONNX Runtime's `ORTCHAR_T*`: UTF-16 on Windows, UTF-8 elsewhere, with a terminating
 * zero. Only parameters of that type take it. Paths in configuration entries and provider options
 * are `char*`, hence {@link cString} on every system.
 *
 * @throws {TypeError} if the path contains a zero byte
 */
export function pathString(path: string, os = Deno.build.os): Uint8Array<ArrayBuffer> {
  const utf8 = cString(path);
  if (os !== "windows") return utf8;
  const units = new Uint16Array(path.length + 1);
  for (let i = 0; i < path.length; i++) units[i] = path.charCodeAt(i);
  return new Uint8Array(units.buffer);
}

/** Returns a copy of a C string; "" for NULL. */
export function readCString(pointer: Deno.PointerValue): string {
  return pointer === null ? "" : new Deno.UnsafePointerView(pointer).getCString();
}

/** Returns the address of a typed array's first byte. It is valid while the array is reachable. */
export function addressOf(view: ArrayBufferView): Deno.PointerValue {
  // V8 may move a small array until its `buffer` is read once.
  void view.buffer;
  return Deno.UnsafePointer.of(view as Uint8Array<ArrayBuffer>);
}

/** Packs pointers into a C array. */
export function pointerArray(pointers: readonly Deno.PointerValue[]): BigUint64Array<ArrayBuffer> {
  return BigUint64Array.from(pointers, (pointer) => Deno.UnsafePointer.value(pointer));
}

/** Returns the pointer at `index` of a native array. */
export function pointerAt(array: Deno.PointerObject, index: number): Deno.PointerValue {
  return new Deno.UnsafePointerView(array).getPointer(index * 8);
}

/** Unpacks the pointers of an array that C filled. */
export function unpackPointers(array: BigUint64Array): Deno.PointerValue[] {
  return Array.from(array, (address) => Deno.UnsafePointer.create(address));
}

/**
 * Returns a pointer as a number, for a Worker: threads share the address space, not the objects.
 */
export function pointerToAddress(pointer: Deno.PointerObject): bigint {
  return Deno.UnsafePointer.value(pointer);
}

/**
 * Returns the pointer of a number from {@link pointerToAddress}. Another thread owns the object.
 */
export function pointerFromAddress(address: bigint): Deno.PointerObject {
  const pointer = Deno.UnsafePointer.create(address);
  if (pointer === null) throw new TypeError("address is 0, wanted the address of a native object");
  return pointer;
}

/** Fills `target` with bytes from native memory. */
export function copyFrom(source: Deno.PointerObject, target: ArrayBufferView<ArrayBuffer>): void {
  const bytes = new Uint8Array(target.buffer, target.byteOffset, target.byteLength);
  if (bytes.length > 0) new Deno.UnsafePointerView(source).copyInto(bytes);
}

/** A `const char*[]`. Its strings stay alive as long as this object. */
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
