/** Reads an array of finite numbers from npy or safetensors: noise, latents. @module */
import { FormatError } from "../errors.ts";
import { shown } from "../text.ts";
import { widenBfloat16 } from "./element_types.ts";
import { type KnownKind, recognise } from "./foreign_file.ts";
import { readNpy } from "./npy/npy.ts";
import { readSafetensors, type SafetensorsTensor } from "./safetensors/safetensors.ts";

/** An array converted to float64. */
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
  /** Tensor to read from a safetensors file with several; a single one is read by any name. */
  tensor: string;
}

/** Most tensors that a message lists. */
const MAX_NAMED = 5;

/**
 * Reads float16, bfloat16, float32 or float64 numbers.
 *
 * @throws {FormatError} if the file is damaged, has another format or element type, or contains a
 * non-finite value
 */
export function readFloatArray(bytes: Uint8Array, { file, tensor }: FloatArrayOptions): FloatArray {
  const array = read(bytes, file, tensor);
  const bad = array.data.findIndex((x) => !Number.isFinite(x));
  if (bad < 0) return array;
  throw new FormatError(
    `${file} holds ${array.data[bad]} at element ${bad}, wanted finite numbers`,
  );
}

function read(bytes: Uint8Array, file: string, tensor: string): FloatArray {
  const found = recognise(bytes);
  if (found?.kind === "npy") return fromNpy(bytes, file);
  if (found === undefined || found.kind === "safetensors") {
    return fromSafetensors(bytes, file, tensor);
  }
  const save = SAVE[found.kind];
  throw new FormatError(`${file} is ${found.what}, wanted npy or safetensors`, {
    hint: save ? `save the array in Python by ${save}` : found.hint,
  });
}

/** How to get an npy file. Never advises loading a PyTorch file: it may run code. */
const SAVE: Partial<Record<KnownKind, string>> = {
  torch: 'numpy.save("x.npy", x.float().cpu().numpy()) where it was made',
  npz: 'numpy.save("x.npy", numpy.load(FILE)[NAME])',
};

function fromNpy(bytes: Uint8Array, file: string): FloatArray {
  const { dtype, shape, data } = readNpy(bytes, { file });
  if (dtype !== "<f2" && dtype !== "<f4" && dtype !== "<f8") {
    throw new FormatError(`${file} holds ${dtype}, wanted <f2, <f4 or <f8 (float16 to float64)`);
  }
  return { data: Float64Array.from(data), shape };
}

function fromSafetensors(bytes: Uint8Array, file: string, name: string): FloatArray {
  const { tensors } = readSafetensors(bytes, { file });
  const tensor = tensors.get(name) ??
    (tensors.size === 1 ? tensors.values().next().value : undefined);
  if (!tensor) {
    const found = [...tensors.keys()].slice(0, MAX_NAMED).map(shown).join(", ") || "none";
    const more = tensors.size > MAX_NAMED ? ` and ${tensors.size - MAX_NAMED} more` : "";
    throw new FormatError(`${file} holds tensors ${found}${more}, wanted one named ${name}`);
  }
  return { data: Float64Array.from(numbersOf(tensor, file)), shape: tensor.shape };
}

function numbersOf({ dtype, data }: SafetensorsTensor, file: string): ArrayLike<number> {
  if (dtype === "BF16") return widenBfloat16(data);
  if (dtype === "F16" || dtype === "F32" || dtype === "F64") return data;
  throw new FormatError(`${file} holds ${dtype}, wanted F16, BF16, F32 or F64`);
}
