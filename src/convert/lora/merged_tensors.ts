/** Tensors of a file with changes added to some of them. @module */
import { elementsOf } from "../../elements_of.ts";
import { floatReader } from "../float_values.ts";
import { type SafetensorsTensor, toTensor } from "../../formats/safetensors/safetensors.ts";
import {
  checkRange,
  entryOf,
  readableEntry,
  type TensorEntry,
  type TensorFile,
  type TensorRange,
} from "../../formats/tensor_file.ts";

/** Computes the values to add to a tensor from its own values. */
export type Change = (values: Float32Array) => Promise<Float32Array>;

/** A file whose changed tensors are float32. */
export class MergedTensors implements TensorFile {
  readonly entries: ReadonlyMap<string, TensorEntry>;
  readonly #file: TensorFile;
  readonly #changes: ReadonlyMap<string, readonly Change[]>;
  #last: { name: string; bytes: Promise<Uint8Array> } | undefined;

  /** @param changes by tensor name; each has as many elements as the tensor */
  constructor(file: TensorFile, changes: ReadonlyMap<string, readonly Change[]>) {
    this.#file = file;
    this.#changes = changes;
    this.entries = new Map(
      [...file.entries].map(([name, entry]) => {
        if (!changes.has(name)) return [name, entry];
        const length = 4 * elementsOf(entry.shape);
        return [name, { dtype: "F32", shape: entry.shape, length }];
      }),
    );
  }

  async read(name: string): Promise<SafetensorsTensor> {
    const entry = readableEntry(this.entries, name, "the file");
    return toTensor(entry, await this.readBytes(name, { offset: 0, length: entry.length }));
  }

  async readBytes(name: string, range: TensorRange): Promise<Uint8Array> {
    const changes = this.#changes.get(name);
    if (changes === undefined) return await this.#file.readBytes(name, range);
    checkRange(entryOf(this.entries, name, "the file"), range);
    // The last tensor is cached, because it is read in pieces.
    if (this.#last?.name !== name) this.#last = { name, bytes: this.#merge(name, changes) };
    const bytes = await this.#last.bytes;
    return bytes.subarray(range.offset, range.offset + range.length);
  }

  async #merge(name: string, changes: readonly Change[]): Promise<Uint8Array> {
    const { dtype, length } = entryOf(this.#file.entries, name, "the file");
    const bytes = await this.#file.readBytes(name, { offset: 0, length });
    const own = Float32Array.from(floatReader(name, dtype)(bytes));
    const sum = own.slice();
    for (const change of changes) {
      const values = await change(own);
      for (let i = 0; i < sum.length; i++) sum[i] += values[i];
    }
    return new Uint8Array(sum.buffer);
  }
}
