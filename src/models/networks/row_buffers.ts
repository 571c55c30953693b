/** Rows of a network's calls: inputs latent, timestep and condition, output noise. @module */
import type { PoolRows } from "../../devices/rows/row_batch.ts";
import type { RowLayout } from "../../devices/rows/row_memory.ts";
import type { TensorData } from "../../runtime/tensor_type.ts";
import type { LatentShape, NetworkContract } from "./network_contract.ts";

/**
 * Conditions of a row in the element types of the network's inputs: a class label, or text
 * embeddings and sizes.
 */
export type ConditionRow = readonly TensorData[];

const SAMPLE = 0, TIMESTEP = 1, CONDITIONS = 2;

/**
 * Returns the layout of a row: the network's inputs and output, in the order of the constants
 * above.
 */
export function rowLayout(contract: NetworkContract): RowLayout {
  const { sample, timestep, conditions, output, latentShape, outputChannels, patch } = contract;
  const [, height, width] = latentShape;
  const dims = (channels: number) =>
    patch === undefined
      ? [channels, height, width]
      : [(height / patch) * (width / patch), channels * patch ** 2];
  return {
    inputs: [
      { ...sample, rowDims: dims(latentShape[0]) },
      { ...timestep, rowDims: [] },
      ...conditions,
    ],
    outputs: [{ ...output, rowDims: dims(outputChannels) }],
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
  /** Where each element of a latent is in a packed row. */
  readonly #packed: Int32Array | undefined;

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
    this.#packed = contract.patch === undefined
      ? undefined
      : packedOrder(contract.latentShape, contract.patch);
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
    if (this.#packed) scatter(input, this.#packed, rowOf(inputs[SAMPLE], slot, this.#rowSize));
    else copyInto(inputs[SAMPLE], slot * this.#rowSize, input);
    store(inputs[TIMESTEP], slot, timestep);
    // A row usually keeps its condition, and a text embedding is larger than the latent.
    if (this.#conditions[slot] === condition) return;
    this.#conditions[slot] = condition;
    condition.forEach((values, i) =>
      copyInto(inputs[CONDITIONS + i], slot * values.length, values)
    );
  }

  /** Returns the network's noise for row `slot`, a view that the next evaluation overwrites. */
  noise(slot: number): ArrayLike<number> {
    const [output] = this.rows.outputs;
    const start = slot * this.#outputSize;
    const row = (output as Float32Array).subarray(start, start + this.#rowSize);
    return this.#packed ? Float64Array.from(this.#packed, (place) => row[place]) : row;
  }
}

/**
 * Place of each element of a latent `[channels, height, width]` in its tokens: squares of `patch`
 * by `patch` row by row, the elements of a square channel by channel (Black Forest Labs, FLUX.1).
 */
function packedOrder([channels, height, width]: LatentShape, patch: number): Int32Array {
  const perRow = width / patch, perToken = channels * patch ** 2;
  const places = new Int32Array(channels * height * width);
  let i = 0;
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const token = Math.floor(y / patch) * perRow + Math.floor(x / patch);
        places[i++] = token * perToken + (c * patch + y % patch) * patch + x % patch;
      }
    }
  }
  return places;
}

function rowOf(data: TensorData, slot: number, size: number): Float64Array {
  return (data as Float64Array).subarray(slot * size, (slot + 1) * size);
}

function scatter(values: Float64Array, places: Int32Array, out: Float64Array): void {
  for (let i = 0; i < values.length; i++) out[places[i]] = values[i];
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
