/**
 * The file beside a network that holds its weights: written tensor by tensor, never held.
 * @module
 */
import { ModelError } from "../errors.ts";
import type { ListedDtype } from "../formats/element_types.ts";
import {
  layoutSafetensors,
  type SafetensorsLayout,
} from "../formats/safetensors/safetensors_layout.ts";
import { shown } from "../text.ts";
import { tensorChunks, type TensorFile } from "../formats/tensor_file.ts";
import { type FloatArray, floatReader } from "./float_values.ts";
import type { Weight } from "./graph_builder.ts";
import type { StoredType } from "./weight_storage.ts";

/** Where the first tensor begins: a page, for runtimes that map the file. */
const PAGE = 4096;
/** What tensors are aligned to as long as all before are: the widest vector register. */
const VECTOR = 64;

/**
 * Bytes read at once. Larger pieces take new pages from the system each time: of 4 MiB the whole
 * took twice as long.
 */
const PIECE = 2 ** 18;

/**
 * Lays out the weights as a safetensors file under the checkpoint's names, so that it can be read,
 * and converted again. ONNX takes any place in any file for external data. Tensors whose length
 * would put the next one askew come last.
 */
export function layoutWeights(weights: Iterable<Weight>): SafetensorsLayout {
  const tensors = [...weights].map(({ name, shape, stored }) =>
    [name, { dtype: stored, shape }] as const
  );
  const askew = ([, { dtype, shape }]: typeof tensors[number]) =>
    shape.reduce((product, size) => product * size, dtype === "F32" ? 4 : 2) % VECTOR !== 0;
  const ordered = [
    ...tensors.filter((tensor) => !askew(tensor)),
    ...tensors.filter(askew).sort(([, a], [, b]) =>
      a.dtype === b.dtype ? 0 : a.dtype === "F32" ? -1 : 1
    ),
  ];
  return layoutSafetensors(ordered, new Map([["format", "pt"]]), { alignment: PAGE });
}

/**
 * The bytes of the file, in pieces.
 *
 * @throws {ModelError} where a weight is no number or too large for its type
 */
export async function* weightBytes(
  checkpoint: TensorFile,
  layout: SafetensorsLayout,
): AsyncGenerator<Uint8Array> {
  yield layout.header;
  for (const [name, { dtype }] of layout.entries) {
    const convert = converter(name, checkpoint.entries.get(name)!.dtype, dtype as StoredType);
    for await (const chunk of tensorChunks(checkpoint, name, PIECE)) yield convert(chunk);
  }
}

type Convert = (bytes: Uint8Array) => Uint8Array;

/** Turns bytes of one type into bytes of another, whole elements at a time. */
function converter(name: string, from: ListedDtype, to: StoredType): Convert {
  if (from === to) return (bytes) => bytes;
  const read = floatReader(name, from);
  if (to === "F32") return (bytes) => bytesOf(new Float32Array(read(bytes)));
  return (bytes) => {
    const values = read(bytes);
    const halves = new Float16Array(values);
    refuseOverflow(name, values, halves);
    return bytesOf(halves);
  };
}

/** Half precision ends at 65504: an infinity made here would be one in every image. */
function refuseOverflow(name: string, values: FloatArray, halves: Float16Array): void {
  const at = halves.findIndex((half, i) => !Number.isFinite(half) && Number.isFinite(values[i]));
  if (at < 0) return;
  throw new ModelError(`tensor ${shown(name)} holds ${values[at]}, fp16 ends at 65504`, {
    hint: "keep the weights in fp32",
  });
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
}
