/**
 * Rows that several threads work on: one shared buffer per input and output of the network.
 * @module
 */
import {
  elementCount,
  TENSOR_ARRAYS,
  type TensorData,
  type TensorType,
} from "../../runtime/tensor_type.ts";

/** An input or output of the network, one row of it. */
export interface RowTensor {
  readonly name: string;
  readonly type: TensorType;
  /** Dimensions behind the batch. */
  readonly rowDims: readonly number[];
}

/** What the network is fed and what it gives, row by row. */
export interface RowLayout {
  readonly inputs: readonly RowTensor[];
  readonly outputs: readonly RowTensor[];
}

/** What another thread needs to see the same rows. */
export interface RowMemoryMessage {
  readonly id: number;
  readonly layout: RowLayout;
  readonly capacity: number;
  readonly buffers: readonly SharedArrayBuffer[];
}

let lastId = 0;

/** Memory for `capacity` rows, zeros at first. */
export class RowMemory {
  /** Its number in this process. */
  readonly id: number;
  readonly layout: RowLayout;
  /** Rows that it holds. */
  readonly capacity: number;
  /** Elements of every input, row after row, in the layout's order. */
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

  /** The same memory in another thread. */
  static from(message: RowMemoryMessage): RowMemory {
    return new RowMemory(message.layout, message.capacity, message);
  }

  /** For another thread. */
  message(): RowMemoryMessage {
    const { id, layout, capacity } = this;
    return { id, layout, capacity, buffers: this.#buffers };
  }

  /** Fresh memory of the same rows, outputs included. */
  copy(): RowMemory {
    const copy = new RowMemory(this.layout, this.capacity);
    this.#buffers.forEach((buffer, i) =>
      new Uint8Array(copy.#buffers[i]).set(new Uint8Array(buffer))
    );
    return copy;
  }

  /** Takes some rows' outputs from memory of the same layout. */
  takeOutputs(from: RowMemory, start: number, count: number): void {
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
