/** One array of finite numbers from an npy or a safetensors file: noise, latents. @module */
import { FormatError } from "../errors.ts";
import { readNpy } from "./npy/npy.ts";
import { readSafetensors } from "./safetensors/safetensors.ts";

/** An array widened to float64. */
export interface FloatArray {
  /** The elements, C-ordered. */
  data: Float64Array;
  /** Sizes, outermost first. */
  shape: readonly number[];
}

/** Options of {@link readFloatArray}. */
export interface FloatArrayOptions {
  /** Name in messages. */
  file: string;
  /** Tensor to take from a safetensors file that holds several; a lone one is taken whatever its name. */
  tensor: string;
}

/**
 * Reads float32 or float64 numbers.
 *
 * @throws {FormatError} when the file is damaged, holds another type, or a value that is not finite
 */
export function readFloatArray(bytes: Uint8Array, { file, tensor }: FloatArrayOptions): FloatArray {
  const array = isNpy(bytes) ? fromNpy(bytes, file) : fromSafetensors(bytes, file, tensor);
  const bad = array.data.findIndex((x) => !Number.isFinite(x));
  if (bad < 0) return array;
  throw new FormatError(
    `${file} holds ${array.data[bad]} at element ${bad}, wanted finite numbers`,
  );
}

function isNpy(bytes: Uint8Array): boolean {
  return bytes[0] === 0x93 && bytes[1] === 0x4e; // "\x93N" of "\x93NUMPY"
}

function fromNpy(bytes: Uint8Array, file: string): FloatArray {
  const { dtype, shape, data } = readNpy(bytes, { file });
  if (dtype !== "<f4" && dtype !== "<f8") {
    throw new FormatError(`${file} holds ${dtype}, wanted <f4 or <f8 (float32 or float64)`);
  }
  return { data: Float64Array.from(data), shape };
}

function fromSafetensors(bytes: Uint8Array, file: string, name: string): FloatArray {
  const { tensors } = readSafetensors(bytes, { file });
  const tensor = tensors.get(name) ??
    (tensors.size === 1 ? tensors.values().next().value : undefined);
  if (!tensor) {
    const found = [...tensors.keys()].join(", ") || "none";
    throw new FormatError(`${file} holds tensors ${found}, wanted one named ${name}`);
  }
  if (tensor.dtype !== "F32" && tensor.dtype !== "F64") {
    throw new FormatError(`${file} holds ${tensor.dtype}, wanted F32 or F64`);
  }
  return { data: Float64Array.from(tensor.data), shape: tensor.shape };
}
