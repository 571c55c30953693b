/** Reads tensors whose elements are not contiguous. @module */
import type { PickleTensor } from "./pickle_values.ts";
import type { TensorRange } from "../tensor_file.ts";

type Layout = PickleTensor["layout"];

/** True if the elements lie in C order without gaps. */
export function isContiguous({ shape, strides }: Layout): boolean {
  if (shape.includes(0)) return true;
  let wanted = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    if (shape[i] === 1) continue;
    if (strides[i] !== wanted) return false;
    wanted *= shape[i];
  }
  return true;
}

/** Returns the range of storage elements that the tensor uses. */
export function spanOf({ offset, shape, strides }: Layout): { start: number; length: number } {
  const reach = shape.reduce((sum, size, i) => sum + (size - 1) * strides[i], 0);
  return { start: offset, length: reach + 1 };
}

/**
 * Returns bytes of the tensor in C order.
 *
 * @param span bytes of {@link spanOf}
 * @param options.range range of the tensor's bytes
 */
export function gather(
  span: Uint8Array,
  { layout, itemSize, range }: { layout: Layout; itemSize: number; range: TensorRange },
): Uint8Array {
  const { shape, strides } = layout;
  const first = Math.floor(range.offset / itemSize);
  const end = Math.ceil((range.offset + range.length) / itemSize);
  const out = new Uint8Array((end - first) * itemSize);
  const inner = shape.length - 1;
  const index = indexOf(first, shape);
  for (let to = 0; to < out.length;) {
    // A scalar is contiguous, so there is always an innermost axis.
    let from = index.reduce((sum, i, axis) => sum + i * strides[axis], 0) * itemSize;
    for (let i = index[inner]; i < shape[inner] && to < out.length; i++) {
      for (let byte = 0; byte < itemSize; byte++) out[to + byte] = span[from + byte];
      to += itemSize;
      from += strides[inner] * itemSize;
    }
    index[inner] = shape[inner] - 1;
    advance(index, shape);
  }
  const skipped = range.offset - first * itemSize;
  return out.subarray(skipped, skipped + range.length);
}

/** Returns the index of an element by its number in C order. */
function indexOf(element: number, shape: readonly number[]): number[] {
  const index = shape.map(() => 0);
  let rest = element;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    index[axis] = rest % shape[axis];
    rest = Math.floor(rest / shape[axis]);
  }
  return index;
}

function advance(index: number[], shape: readonly number[]): void {
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (++index[axis] < shape[axis]) return;
    index[axis] = 0;
  }
}
