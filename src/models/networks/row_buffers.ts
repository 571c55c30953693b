/** Rows of a network's calls: inputs latent, timestep and condition, output noise. @module */
import type { PoolRows } from "../../devices/rows/row_batch.ts";
import type { RowLayout } from "../../devices/rows/row_memory.ts";
import type { TensorData } from "../../runtime/tensor_type.ts";
import type { NetworkContract } from "./network_contract.ts";

/**
 * Condition of a row in the element type of the network's input: a class label or a text embedding.
 */
export type ConditionRow = TensorData;

const SAMPLE = 0, TIMESTEP = 1, CONDITION = 2;

/**
 * Returns the layout of a row: the network's inputs and output, in the order of the constants
 * above.
 */
export function rowLayout(contract: NetworkContract, conditionShape: readonly number[]): RowLayout {
  const { sample, timestep, condition, output, latentShape, outputChannels } = contract;
  const [, height, width] = latentShape;
  return {
    inputs: [
      { ...sample, rowDims: latentShape },
      { ...timestep, rowDims: [] },
      { ...condition, rowDims: conditionShape },
    ],
    outputs: [{ ...output, rowDims: [outputChannels, height, width] }],
  };
}

/** Rows that a caller fills, evaluates and reads. */
export class NetworkRows {
  /**
   * Memory of the rows, for the network.
   *
   * @ignore
   */
  readonly rows: PoolRows;
  /** Current condition of each row. */
  readonly #conditions: (ConditionRow | undefined)[];
  readonly #rowSize: number;
  readonly #outputSize: number;

  /**
   * Creates rows in memory of a pool.
   *
   * @ignore
   * @param rows memory of a {@link rowLayout}
   */
  constructor(rows: PoolRows, contract: NetworkContract) {
    const [channels, height, width] = contract.latentShape;
    this.rows = rows;
    this.#rowSize = channels * height * width;
    this.#outputSize = contract.outputChannels * height * width;
    this.#conditions = new Array(rows.capacity).fill(undefined);
  }

  /**
   * Fills row `slot` with `latents[offset …]` times `scale`, the model's timestep and a condition.
   */
  set(
    slot: number,
    latents: Float64Array,
    { offset, scale = 1, timestep, condition }: {
      offset: number;
      scale?: number;
      timestep: number;
      condition: ConditionRow;
    },
  ): void {
    const { inputs } = this.rows;
    const latent = latents.subarray(offset, offset + this.#rowSize);
    const input = scale === 1 ? latent : latent.map((x) => scale * x);
    copyInto(inputs[SAMPLE], slot * this.#rowSize, input);
    store(inputs[TIMESTEP], slot, timestep);
    // A row usually keeps its condition, and a text embedding is larger than the latent.
    if (this.#conditions[slot] === condition) return;
    this.#conditions[slot] = condition;
    copyInto(inputs[CONDITION], slot * condition.length, condition);
  }

  /** Returns the network's noise for row `slot`, a view that the next evaluation overwrites. */
  noise(slot: number): ArrayLike<number> {
    const [output] = this.rows.outputs;
    const start = slot * this.#outputSize;
    return (output as Float32Array).subarray(start, start + this.#rowSize);
  }
}

/** Stores a number, as a BigInt if the array's type requires it. */
export function store(data: TensorData, index: number, value: number): void {
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[index] = BigInt(value);
  else data[index] = value;
}

/** Copies rows of the same element type or from float64. */
export function copyInto(to: TensorData, offset: number, from: TensorData): void {
  (to as Float64Array).set(from as Float64Array, offset);
}
