/**
 * Prepared runs of a session over rows of a {@link RowMemory}.
 * @module
 */
import type { Environment } from "../../runtime/environment.ts";
import type { InferenceSession } from "../../runtime/inference_session.ts";
import type { IoBinding } from "../../runtime/io_binding.ts";
import {
  copyRows,
  type RowLayout,
  rowLength,
  type RowMemory,
  type RowTensor,
} from "./row_memory.ts";
import { Tensor } from "../../runtime/tensor.ts";
import type { TensorData } from "../../runtime/tensor_type.ts";

/** Some rows of one call. */
export interface RowCall {
  readonly start: number;
  readonly count: number;
  /** Rows that the network is given, at least `count`; 0 for just those. */
  readonly padded: number;
}

/** A call, ready to run. */
export interface RowPlan {
  readonly binding: IoBinding;
  /** Puts the call's rows where the binding reads them. */
  load(memory: RowMemory, call: RowCall): void;
  /** Puts the outputs where the call's rows belong. */
  store(memory: RowMemory, call: RowCall): void;
}

/** Plans of this many different rows are kept; making one takes some 30 µs on the CPU. */
const MOST_PLANS = 32;

interface Entry extends RowPlan {
  readonly memoryId: number | undefined;
  readonly tensors: readonly Tensor[];
}

/**
 * The plans of one session. Rows that need no padding are read and written in place, over the
 * shared memory itself; padded calls go through memory of their own, one set per size, so that a
 * device sees few sizes and always the same addresses.
 */
export class RowPlans implements Disposable {
  readonly #environment: Environment;
  readonly #session: InferenceSession;
  /** The one used last is the last one. */
  readonly #entries = new Map<string, Entry>();

  constructor(environment: Environment, session: InferenceSession) {
    this.#environment = environment;
    this.#session = session;
  }

  /** The plan of a call. @throws {TypeError | RangeError} when the rows do not fit the model */
  plan(memory: RowMemory, call: RowCall): RowPlan {
    const { start, count, padded } = call;
    const key = padded > 0 ? `${padded}` : `${memory.id}:${start}:${count}`;
    const known = this.#entries.get(key);
    if (known) this.#entries.delete(key);
    const entry = known ??
      (padded > 0 ? this.#padded(memory, padded) : this.#inPlace(memory, call));
    this.#entries.set(key, entry);
    if (this.#entries.size > MOST_PLANS) {
      const [oldest] = this.#entries;
      this.#drop(...oldest);
    }
    return entry;
  }

  /** Drops the plans over a memory that is not used any more. */
  forget(memoryId: number): void {
    for (const [key, entry] of this.#entries) {
      if (entry.memoryId === memoryId) this.#drop(key, entry);
    }
  }

  /** Drops every plan. */
  close(): void {
    for (const [key, entry] of this.#entries) this.#drop(key, entry);
  }

  /** {@link close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  #inPlace(memory: RowMemory, { start, count }: RowCall): Entry {
    const arrays = [...memory.inputs, ...memory.outputs];
    const tensors = allOrNone(memory.layout, (tensor, i) => {
      const size = rowLength(tensor);
      const rows = arrays[i].subarray(start * size, (start + count) * size);
      return this.#tensor(tensor, count, rows as TensorData);
    });
    return {
      ...this.#bind(memory.layout, tensors),
      memoryId: memory.id,
      load() {},
      store() {},
    };
  }

  #padded(memory: RowMemory, rows: number): Entry {
    const { layout } = memory;
    const tensors = allOrNone(layout, (tensor) => this.#tensor(tensor, rows));
    return {
      ...this.#bind(layout, tensors),
      memoryId: undefined,
      load(memory, { start, count }) {
        layout.inputs.forEach((tensor, i) => {
          const { data } = tensors[i], size = rowLength(tensor);
          copyRows(memory.inputs[i], start, data, 0, count, size);
          // What is left of an earlier call could be anything; the first row is legal input.
          for (let row = count; row < rows; row++) data.copyWithin(row * size, 0, size);
        });
      },
      store(memory, { start, count }) {
        layout.outputs.forEach((tensor, i) => {
          const { data } = tensors[layout.inputs.length + i];
          copyRows(data, 0, memory.outputs[i], start, count, rowLength(tensor));
        });
      },
    };
  }

  #tensor(tensor: RowTensor, rows: number, data?: TensorData): Tensor {
    return new Tensor(this.#environment, tensor.type, [rows, ...tensor.rowDims], data);
  }

  #bind(layout: RowLayout, tensors: readonly Tensor[]): Pick<Entry, "binding" | "tensors"> {
    const named = everyTensor(layout).map(({ name }, i): [string, Tensor] => [name, tensors[i]]);
    const inputs = Object.fromEntries(named.slice(0, layout.inputs.length));
    const outputs = Object.fromEntries(named.slice(layout.inputs.length));
    try {
      return { binding: this.#session.bind(inputs, outputs), tensors };
    } catch (error) {
      for (const tensor of tensors) tensor.close();
      throw error;
    }
  }

  #drop(key: string, { binding, tensors }: Entry): void {
    this.#entries.delete(key);
    binding.close();
    for (const tensor of tensors) tensor.close();
  }
}

function everyTensor({ inputs, outputs }: RowLayout): readonly RowTensor[] {
  return [...inputs, ...outputs];
}

/** A tensor for every input and output; those that were made are closed where one cannot be had. */
function allOrNone(layout: RowLayout, make: (tensor: RowTensor, i: number) => Tensor): Tensor[] {
  using made = new DisposableStack();
  const tensors = everyTensor(layout).map((tensor, i) => made.use(make(tensor, i)));
  made.move();
  return tensors;
}
