/**
 * Views of tensors: a part of one, or the same elements in another shape or order.
 * @module
 */
import { type SafetensorsTensor, toTensor } from "../formats/safetensors/safetensors.ts";
import {
  checkRange,
  entryOf,
  readableEntry,
  type TensorEntry,
  type TensorFile,
  type TensorRange,
} from "../formats/tensor_file.ts";

/** Source of a view. */
export interface TensorView {
  /** Name of the tensor in the file. */
  readonly source: string;
  /** Part of the first axis: `rows` rows from `first` on. */
  readonly part?: { readonly first: number; readonly rows: number };
  /** Another shape with the same number of elements. */
  readonly shape?: readonly number[];
  /** Rows and columns of a matrix swapped. */
  readonly transposed?: boolean;
}

/**
 * Adds a view. If its name is taken, it gets the name of its source, which is then reported as not
 * expected.
 */
export function addView(views: Map<string, TensorView>, name: string, view: TensorView): void {
  views.set(views.has(name) ? view.source : name, view);
}

/** Views of a file's tensors under new names. Tensors without a view are omitted. */
export class TensorViews implements TensorFile {
  readonly entries: ReadonlyMap<string, TensorEntry>;
  readonly #file: TensorFile;
  readonly #views: ReadonlyMap<string, TensorView>;
  #transposed: { name: string; bytes: Promise<Uint8Array> } | undefined;

  constructor(file: TensorFile, views: ReadonlyMap<string, TensorView>) {
    this.#file = file;
    this.#views = views;
    this.entries = new Map(
      [...views].map((
        [name, view],
      ) => [name, viewed(entryOf(file.entries, view.source, name), view)]),
    );
  }

  async read(name: string): Promise<SafetensorsTensor> {
    const entry = readableEntry(this.entries, name, "the file");
    return toTensor(entry, await this.readBytes(name, { offset: 0, length: entry.length }));
  }

  async readBytes(name: string, { offset, length }: TensorRange): Promise<Uint8Array> {
    const entry = entryOf(this.entries, name, "the file");
    checkRange(entry, { offset, length });
    const { source, part, transposed } = this.#views.get(name)!;
    if (transposed) return (await this.#transpose(name, source)).subarray(offset, offset + length);
    const start = part === undefined ? 0 : entry.length / part.rows * part.first;
    return await this.#file.readBytes(source, { offset: start + offset, length });
  }

  /** All bytes of a transposed matrix. The last one is cached, because it is read in pieces. */
  #transpose(name: string, source: string): Promise<Uint8Array> {
    if (this.#transposed?.name !== name) {
      const { length, shape: [rows, columns] } = this.#file.entries.get(source)!;
      const bytes = this.#file.readBytes(source, { offset: 0, length }).then((bytes) =>
        transpose(bytes, rows, columns)
      );
      this.#transposed = { name, bytes };
    }
    return this.#transposed.bytes;
  }
}

function viewed(entry: TensorEntry, { part, shape, transposed }: TensorView): TensorEntry {
  const { dtype, length } = entry;
  if (part) {
    const [all, ...rest] = entry.shape;
    return { dtype, shape: [part.rows, ...rest], length: length / all * part.rows };
  }
  return { dtype, shape: shape ?? (transposed ? entry.shape.toReversed() : entry.shape), length };
}

function transpose(bytes: Uint8Array, rows: number, columns: number): Uint8Array {
  const size = bytes.length / (rows * columns);
  const transposed = new Uint8Array(bytes.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const from = (row * columns + column) * size;
      const to = (column * rows + row) * size;
      for (let i = 0; i < size; i++) transposed[to + i] = bytes[from + i];
    }
  }
  return transposed;
}
