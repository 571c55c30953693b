/**
 * Bindings of a session to rows of a {@link RowMemory}.
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

/** The rows of one call. */
export interface RowCall {
  readonly start: number;
  readonly count: number;
  /** Batch size of the network, at least `count`; 0 for `count`. */
  readonly padded: number;
}

/** A call, ready to run. */
export interface RowPlan {
  readonly binding: IoBinding;
  /** Copies the call's inputs to the binding. */
  load(memory: RowMemory, call: RowCall): void;
  /** Copies the outputs to the call's rows. */
  store(memory: RowMemory, call: RowCall): void;
}

/** Number of plans that are kept; creating one takes about 30 µs on the CPU. */
const MAX_PLANS = 32;

interface Entry extends RowPlan {
  readonly memoryId: number | undefined;
  readonly tensors: readonly Tensor[];
}

/**
 * The plans of one session. Rows without padding are read and written in the shared memory. Padded
 * calls are copied to separate memory, one set per size, so that a device sees few sizes and always
 * the same addresses.
 */
export class RowPlans implements Disposable {
  readonly #environment: Environment;
  readonly #session: InferenceSession;
  /** In the order of their last use. */
  readonly #entries = new Map<string, Entry>();

  constructor(environment: Environment, session: InferenceSession) {
    this.#environment = environment;
    this.#session = session;
  }

  /** The plan of a call. @throws {TypeError | RangeError} if the rows do not fit the model */
  plan(memory: RowMemory, call: RowCall): RowPlan {
    const { start, count, padded } = call;
    const key = padded > 0 ? `${padded}` : `${memory.id}:${start}:${count}`;
    const known = this.#entries.get(key);
    if (known) this.#entries.delete(key);
    const entry = known ??
      (padded > 0 ? this.#padded(memory, padded) : this.#inPlace(memory, call));
    this.#entries.set(key, entry);
    if (this.#entries.size > MAX_PLANS) {
      const [oldest] = this.#entries;
      this.#drop(...oldest);
    }
    return entry;
  }

  /** Drops the plans of a memory that is not used any more. */
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
          // Padding with the first row, because rows of an earlier call may be invalid here.
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

/** Creates a tensor for every input and output; if one fails, the others are closed. */
function allOrNone(layout: RowLayout, make: (tensor: RowTensor, i: number) => Tensor): Tensor[] {
  using made = new DisposableStack();
  const tensors = everyTensor(layout).map((tensor, i) => made.use(make(tensor, i)));
  made.move();
  return tensors;
}
