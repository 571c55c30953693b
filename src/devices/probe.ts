/**
 * Probes: the outputs of a device for two fixed rows. They distinguish networks, and show whether
 * two devices compute the same bits.
 * @module
 */
import { createHash } from "node:crypto";
import { RuntimeLibraryError } from "../errors.ts";
import type { TensorMetadata } from "../runtime/model_metadata.ts";
import { TENSOR_ARRAYS, type TensorData, type TensorType } from "../runtime/tensor_type.ts";
import type { DeviceLink } from "./device_link.ts";
import { type RowLayout, rowLength, RowMemory, type RowTensor } from "./rows/row_memory.ts";

/** Outputs for the fixed rows. */
export interface Probe {
  /** SHA-256 of the outputs' bytes, lower-case hexadecimal. */
  readonly sha256: string;
  readonly values: Float64Array;
}

/** Size used for an open dimension. */
const OPEN_SIZE = 8;
/** Timesteps of the rows. Other inputs with one number per row get the row's number. */
const TIMESTEPS = [1, 500];

/**
 * Evaluates the fixed rows, one per call.
 *
 * @throws {DeviceFault} of the device
 */
export async function probeDevice(link: DeviceLink, deadlineMs: number): Promise<Probe> {
  const memory = new RowMemory(probeLayout(link), TIMESTEPS.length);
  memory.layout.inputs.forEach((tensor, i) => fill(memory.inputs[i], tensor));
  const batch = link.inputs[0]?.shape[0];
  const padded = typeof batch === "number" ? batch : 0;
  try {
    for (let start = 0; start < TIMESTEPS.length; start++) {
      await link.run(memory, { start, count: 1, padded }, deadlineMs);
    }
  } finally {
    link.forget(memory.id);
  }
  const hash = createHash("sha256");
  for (const { buffer } of memory.outputs) hash.update(new Uint8Array(buffer).slice());
  const values = memory.outputs.flatMap((data) => Array.from(data as Float32Array, Number));
  return { sha256: hash.digest("hex"), values: Float64Array.from(values) };
}

/** Largest difference of two probes, relative to the larger root mean square. */
export function probeDifference(a: Probe, b: Probe): number {
  if (a.sha256 === b.sha256) return 0;
  if (a.values.length !== b.values.length) return Infinity;
  const largest = a.values.reduce((most, x, i) => Math.max(most, Math.abs(x - b.values[i])), 0);
  return largest / Math.max(rms(a.values), rms(b.values));
}

function rms(values: Float64Array): number {
  return Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / values.length);
}

function probeLayout({ inputs, outputs }: DeviceLink): RowLayout {
  const sample = inputs.find(({ name }) => name === "sample");
  return {
    inputs: inputs.map((tensor) => rowTensor(tensor)),
    outputs: outputs.map((tensor) => rowTensor(tensor, sample)),
  };
}

/** One row of a tensor; open sizes are taken from `like`. */
function rowTensor({ name, type, shape }: TensorMetadata, like?: TensorMetadata): RowTensor {
  if (!Object.hasOwn(TENSOR_ARRAYS, type)) {
    throw new RuntimeLibraryError(`${name} is of a type that cannot be evaluated: ${type}`);
  }
  const sizes = shape.slice(1).map((dim, i) => [dim, like?.shape[i + 1]].find(isSize) ?? OPEN_SIZE);
  return { name, type: type as TensorType, rowDims: sizes };
}

function isSize(dim: unknown): dim is number {
  return typeof dim === "number";
}

function fill(data: TensorData, tensor: RowTensor): void {
  const size = rowLength(tensor);
  for (let i = 0; i < data.length; i++) {
    const row = Math.floor(i / size);
    const single = tensor.name === "timestep" ? TIMESTEPS[row] : row;
    // Values between −1 and 1 that are the same on every machine.
    const value = tensor.rowDims.length === 0 ? single : (7919 * i + 104_729) % 2001 / 1000 - 1;
    if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
      data[i] = BigInt(Math.trunc(value));
    } else data[i] = value;
  }
}
