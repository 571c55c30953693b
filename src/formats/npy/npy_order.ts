/** Converts arrays of other byte and index orders to little-endian C order. @module */

/** Returns a copy with the bytes of every element reversed. */
export function reverseElements(bytes: Uint8Array, itemSize: number): Uint8Array {
  const copy = new Uint8Array(bytes.length);
  for (let at = 0; at < copy.length; at += itemSize) {
    for (let i = 0; i < itemSize; i++) copy[at + i] = bytes[at + itemSize - 1 - i];
  }
  return copy;
}

/**
 * Returns a copy in C order (last index fastest) of an array in Fortran order (first index
 * fastest).
 */
export function toCOrder<T extends TypedArray>(data: T, shape: readonly number[]): T {
  const copy = data.slice() as T;
  const [from, to] = [data as Elements, copy as Elements];
  let step = 1;
  const strides = shape.map((size) => (step *= size) / size);
  const index = shape.map(() => 0);
  for (let i = 0, source = 0; i < data.length; i++) {
    to[i] = from[source];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      source += strides[axis];
      if (++index[axis] < shape[axis]) break;
      source -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return copy;
}

type TypedArray = { readonly length: number; slice(): unknown };

/** Elements of any type, for copying. */
type Elements = { [i: number]: unknown };
