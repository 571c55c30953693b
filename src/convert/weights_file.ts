/** The weights file beside a network, written tensor by tensor to bound memory. @module */
import { ModelError } from "../errors.ts";
import { type ListedDtype, viewAs } from "../formats/element_types.ts";
import {
  layoutSafetensors,
  type SafetensorsLayout,
} from "../formats/safetensors/safetensors_layout.ts";
import { widenFloat16 } from "../formats/widen_float16.ts";
import { shown } from "../text.ts";
import { tensorChunks, type TensorFile } from "../formats/tensor_file.ts";
import { elementsOf } from "../elements_of.ts";
import { type FloatArray, floatReader } from "./float_values.ts";
import type { Weight } from "./layers/graph_builder.ts";
import type { StoredType } from "./weight_storage.ts";

/** Offset of the first tensor: a page, for runtimes that map the file. */
const PAGE = 4096;
/** Alignment of tensors: the widest vector register. */
const VECTOR = 64;

/**
 * Bytes read at once. Larger pieces are allocated in new pages each time: with 4 MiB a conversion
 * took twice as long.
 */
const PIECE = 2 ** 18;

/**
 * Computes the layout of a safetensors file with the checkpoint's names, so that `convert` can read
 * it too. ONNX allows external data at any offset of any file. Tensors whose length would break the
 * alignment of the next one come last.
 */
export function layoutWeights(weights: Iterable<Weight>): SafetensorsLayout {
  const tensors = [...weights].map(({ name, shape, stored }) =>
    [name, { dtype: stored, shape }] as const
  );
  const breaksAlignment = ([, { dtype, shape }]: typeof tensors[number]) =>
    elementsOf(shape) * (dtype === "F32" ? 4 : 2) % VECTOR !== 0;
  const ordered = [
    ...tensors.filter((tensor) => !breaksAlignment(tensor)),
    ...tensors.filter(breaksAlignment).sort(([, a], [, b]) =>
      a.dtype === b.dtype ? 0 : a.dtype === "F32" ? -1 : 1
    ),
  ];
  return layoutSafetensors(ordered, new Map([["format", "pt"]]), { alignment: PAGE });
}

/** How {@link weightBytes} yields its pieces. */
export interface PieceOptions {
  /**
   * Whether pieces may share memory: each is then valid until the next one is asked for. New pages
   * for every piece take a quarter of the time of a conversion from fp16 to fp32. Default `false`.
   */
  reuse?: boolean;
}

/**
 * Pieces of the file.
 *
 * @throws {ModelError} if a weight is not a float or too large for its type
 */
export async function* weightBytes(
  checkpoint: TensorFile,
  layout: SafetensorsLayout,
  { reuse = false }: PieceOptions = {},
): AsyncGenerator<Uint8Array> {
  yield layout.header;
  const wide = reuse ? new Float32Array(PIECE / Uint16Array.BYTES_PER_ELEMENT) : undefined;
  for (const [name, { dtype }] of layout.entries) {
    const from = checkpoint.entries.get(name)!.dtype;
    const convert = converter(name, { from, to: dtype as StoredType, wide });
    for await (const chunk of tensorChunks(checkpoint, name, PIECE)) yield convert(chunk);
  }
}

type Convert = (bytes: Uint8Array) => Uint8Array;

/**
 * Converts whole elements from one type to another.
 *
 * @param types `wide`: where widened halves are written; a new array for every piece by default
 */
function converter(
  name: string,
  { from, to, wide }: { from: ListedDtype; to: StoredType; wide?: Float32Array },
): Convert {
  if (from === to) return (bytes) => bytes;
  if (from === "F16" && to === "F32") return (bytes) => widenedHalves(bytes, wide);
  const read = floatReader(name, from);
  if (to === "F32") return (bytes) => bytesOf(asFloat32(read(bytes)));
  return (bytes) => {
    const values = read(bytes);
    const halves = new Float16Array(values);
    refuseOverflow(name, values, halves);
    return bytesOf(halves);
  };
}

function widenedHalves(bytes: Uint8Array, wide?: Float32Array): Uint8Array {
  const bits = viewAs(Uint16Array, bytes);
  return bytesOf(widenFloat16(bits, wide?.subarray(0, bits.length)));
}

function asFloat32(values: FloatArray): Float32Array {
  return values instanceof Float32Array ? values : new Float32Array(values);
}

/** Bits of the exponent of a half: all are set in infinity and NaN alone. */
const EXPONENT = 0x7c00;

/**
 * Throws if a finite weight becomes infinite in fp16, whose largest number is 65504. The loop over
 * bits takes 3 ns a weight, `findIndex` over the numbers 43 (Deno 2.9).
 */
function refuseOverflow(name: string, values: FloatArray, halves: Float16Array): void {
  const bits = new Uint16Array(halves.buffer);
  for (let i = 0; i < bits.length; i++) {
    if ((bits[i] & EXPONENT) !== EXPONENT || !Number.isFinite(values[i])) continue;
    throw new ModelError(`tensor ${shown(name)} holds ${values[i]}, fp16 ends at 65504`, {
      hint: "keep the weights in fp32",
    });
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
}
