/**
 * Memory of rows shared between threads: one buffer per input and output of the network.
 * @module
 */
import {
  elementCount,
  TENSOR_ARRAYS,
  type TensorData,
  type TensorType,
} from "../../runtime/tensor_type.ts";

/** One row of an input or output of the network. */
export interface RowTensor {
  readonly name: string;
  readonly type: TensorType;
  /** Dimensions after the batch. */
  readonly rowDims: readonly number[];
}

/** Inputs and outputs of the network. */
export interface RowLayout {
  readonly inputs: readonly RowTensor[];
  readonly outputs: readonly RowTensor[];
}

/** A memory in a form that can be sent to another thread. */
export interface RowMemoryMessage {
  readonly id: number;
  readonly layout: RowLayout;
  readonly capacity: number;
  readonly buffers: readonly SharedArrayBuffer[];
}

let lastId = 0;

/** Memory for `capacity` rows, initially zeros. */
export class RowMemory {
  /** Number that is unique in this process. */
  readonly id: number;
  readonly layout: RowLayout;
  /** Number of rows. */
  readonly capacity: number;
  /** Elements of every input, row by row, in the layout's order. */
  readonly inputs: readonly TensorData[];
  /** Elements of every output. */
  readonly outputs: readonly TensorData[];
  readonly #buffers: readonly SharedArrayBuffer[];

  constructor(layout: RowLayout, capacity: number, shared?: RowMemoryMessage) {
    this.id = shared?.id ?? ++lastId;
    this.layout = layout;
    this.capacity = capacity;
    const tensors = [...layout.inputs, ...layout.outputs];
    this.#buffers = shared?.buffers ?? tensors.map((tensor) =>
      new SharedArrayBuffer(
        capacity * rowLength(tensor) * TENSOR_ARRAYS[tensor.type].BYTES_PER_ELEMENT,
      )
    );
    const views = tensors.map(({ type }, i) => new TENSOR_ARRAYS[type](this.#buffers[i]));
    this.inputs = views.slice(0, layout.inputs.length);
    this.outputs = views.slice(layout.inputs.length);
  }

  /** Views a memory that was received from another thread. */
  static from(message: RowMemoryMessage): RowMemory {
    return new RowMemory(message.layout, message.capacity, message);
  }

  /** The message for another thread. */
  message(): RowMemoryMessage {
    const { id, layout, capacity } = this;
    return { id, layout, capacity, buffers: this.#buffers };
  }

  /** Copies all inputs and outputs to new memory. */
  copy(): RowMemory {
    const copy = new RowMemory(this.layout, this.capacity);
    this.#buffers.forEach((buffer, i) =>
      new Uint8Array(copy.#buffers[i]).set(new Uint8Array(buffer))
    );
    return copy;
  }

  /** Copies the outputs of some rows from memory of the same layout. */
  copyOutputs(from: RowMemory, start: number, count: number): void {
    this.layout.outputs.forEach((tensor, i) =>
      copyRows(from.outputs[i], start, this.outputs[i], start, count, rowLength(tensor))
    );
  }
}

/** Elements of one row. */
export function rowLength(tensor: RowTensor): number {
  return elementCount(tensor.rowDims);
}

/** Copies whole rows between arrays of one element type. */
export function copyRows(
  from: TensorData,
  fromRow: number,
  to: TensorData,
  toRow: number,
  count: number,
  size: number,
): void {
  const rows = from.subarray(fromRow * size, (fromRow + count) * size);
  (to as Uint8Array).set(rows as Uint8Array, toRow * size);
}
