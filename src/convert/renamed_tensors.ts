/** A file of tensors under other names. @module */
import type { SafetensorsTensor } from "../formats/safetensors/safetensors.ts";
import type { TensorEntry, TensorFile, TensorRange } from "../formats/tensor_file.ts";

/**
 * Tensors of a file under the names that `rename` returns; `undefined` omits a tensor. A tensor
 * whose new name is taken keeps its own name, so that it is reported as not expected.
 */
export class RenamedTensors implements TensorFile {
  readonly entries: ReadonlyMap<string, TensorEntry>;
  readonly #names = new Map<string, string>();
  readonly #file: TensorFile;

  constructor(file: TensorFile, rename: (name: string) => string | undefined) {
    this.#file = file;
    const entries = new Map<string, TensorEntry>();
    for (const [name, entry] of file.entries) {
      const renamed = rename(name);
      if (renamed === undefined) continue;
      const free = !file.entries.has(renamed) && !entries.has(renamed);
      const own = free ? renamed : name;
      entries.set(own, entry);
      this.#names.set(own, name);
    }
    this.entries = entries;
  }

  read(name: string): Promise<SafetensorsTensor> {
    return this.#file.read(this.#names.get(name) ?? name);
  }

  readBytes(name: string, range: TensorRange): Promise<Uint8Array> {
    return this.#file.readBytes(this.#names.get(name) ?? name, range);
  }
}
