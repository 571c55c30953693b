/** Rows of a network's calls: inputs latent, timestep and condition, output noise. @module */
import { widenFloat16 } from "../../formats/widen_float16.ts";
import type { PoolRows } from "../../devices/rows/row_batch.ts";
import type { RowLayout } from "../../devices/rows/row_memory.ts";
import type { TensorData } from "../../runtime/tensor_type.ts";
import type { LatentShape, NetworkContract } from "./network_contract.ts";

/**
 * Conditions of a row in the element types of the network's inputs: a class label, or text
 * embeddings and sizes.
 */
export type ConditionRow = readonly TensorData[];

type FloatRow = Float16Array | Float32Array | Float64Array;

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
  /** Buffers of networks in float16: V8 is slow at loops over a `Float16Array`. */
  readonly #latent: Float64Array;
  readonly #wide: readonly [Float32Array, Float32Array];

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
    this.#latent = new Float64Array(this.#rowSize);
    this.#wide = [new Float32Array(this.#rowSize), new Float32Array(this.#rowSize)];
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
    const { inputs } = this.rows, size = this.#rowSize, places = this.#packed;
    const latent = latents.subarray(offset, offset + size);
    const row = (inputs[SAMPLE] as FloatRow).subarray(slot * size, (slot + 1) * size);
    const input = row instanceof Float16Array ? this.#latent : row; // see `#latent`
    for (let i = 0; i < size; i++) input[places ? places[i] : i] = scale * latent[i];
    if (input !== row) row.set(input);
    store(inputs[TIMESTEP], slot, timestep);
    this.#setCondition(slot, condition);
  }

  /** Fills row `slot` with the latent and the timestep of row `from`, and a condition. */
  repeat(slot: number, from: number, condition: ConditionRow): void {
    const { inputs } = this.rows, size = this.#rowSize;
    inputs[SAMPLE].copyWithin(slot * size, from * size, (from + 1) * size);
    inputs[TIMESTEP].copyWithin(slot, from, from + 1);
    this.#setCondition(slot, condition);
  }

  /** A row usually keeps its condition, and a text embedding is larger than the latent. */
  #setCondition(slot: number, condition: ConditionRow): void {
    if (this.#conditions[slot] === condition) return;
    this.#conditions[slot] = condition;
    condition.forEach((values, i) =>
      copyInto(this.rows.inputs[CONDITIONS + i], slot * values.length, values)
    );
  }

  /**
   * Returns the network's noise for row `slot`, valid until that of a row two apart is asked for or
   * the next evaluation.
   */
  noise(slot: number): ArrayLike<number> {
    const start = slot * this.#outputSize, places = this.#packed;
    const row = (this.rows.outputs[0] as FloatRow).subarray(start, start + this.#rowSize);
    const noise = row instanceof Float16Array ? widenFloat16(bits(row), this.#wide[slot % 2]) : row;
    return places ? unpacked(noise, places) : noise;
  }
}

function bits({ buffer, byteOffset, length }: Float16Array): Uint16Array {
  return new Uint16Array(buffer, byteOffset, length);
}

function unpacked(row: FloatRow, places: Int32Array): Float64Array {
  const values = new Float64Array(places.length);
  for (let i = 0; i < values.length; i++) values[i] = row[places[i]];
  return values;
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

/** Stores a number, as a BigInt if the array's type requires it. */
export function store(data: TensorData, index: number, value: number): void {
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[index] = BigInt(value);
  else data[index] = value;
}

/** Copies rows of the same element type or from float64. */
export function copyInto(to: TensorData, offset: number, from: TensorData): void {
  (to as Float64Array).set(from as Float64Array, offset);
}
