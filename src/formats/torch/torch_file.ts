/**
 * Reads PyTorch checkpoints (`.pt`, `.pth`, `.bin`, `.ckpt`): a zip archive with a pickle that
 * describes the tensors and one entry of raw elements per storage.
 * @module
 */
import { FormatError } from "../../errors.ts";
import { type ByteSource, readExactly } from "../byte_source.ts";
import { typedLength } from "../element_types.ts";
import { HEAD_BYTES, recognise, refuseForeign } from "../foreign_file.ts";
import { readPickle } from "./pickle.ts";
import type { PickleTensor } from "./pickle_values.ts";
import { type SafetensorsTensor, toTensor } from "../safetensors/safetensors.ts";
import { shown } from "../../text.ts";
import { type StateDict, stateDictOf } from "./state_dict.ts";
import { type ArchiveEntry, ZipArchive } from "./zip_archive.ts";
import { gather, isContiguous, spanOf } from "./strided.ts";
import {
  checkRange,
  entryOf,
  readableEntry,
  type TensorEntry,
  type TensorFile,
  type TensorRange,
} from "../tensor_file.ts";

/** Options of {@link TorchFile.open}. */
export interface TorchFileOptions {
  /** Name of the file in messages. */
  file?: string;
  /**
   * Key of the state dict to take. By default averaged weights (`ema`, `model_ema`, …) are
   * preferred to `state_dict`, `model` and the like; without any of these the whole checkpoint is
   * taken.
   */
  part?: string;
}

/** Longest accepted pickle. */
const MAX_PICKLE = 64 * 2 ** 20;
/** Newest version of the archive that PyTorch reads. */
const MAX_VERSION = 10;
/** Records that hold one number. */
const NUMBERS = [".format_version", ".storage_alignment", ".data/serialization_id"];
/** Longest accepted text of such a record. */
const MAX_TEXT = 64;

interface TorchEntry extends TensorEntry {
  readonly tensor: PickleTensor;
}

/**
 * A PyTorch checkpoint. Names and shapes are read and validated on opening, tensors are read one by
 * one. Non-contiguous tensors are made contiguous. Every entry is verified against its CRC-32 when
 * it is read.
 *
 * @example
 * ```ts ignore
 * using source = FileSource.open("DiT-XL-2-256x256.pt");
 * const file = await TorchFile.open(source, { file: "DiT-XL-2-256x256.pt" });
 * for (const [name, { dtype, shape }] of file.entries) console.log(name, dtype, shape);
 * const weight = await file.read("x_embedder.proj.weight");
 * ```
 */
export class TorchFile implements TensorFile {
  /** Every tensor by name, in the order of the state dict. */
  readonly entries: ReadonlyMap<string, TensorEntry>;
  /** Key of the state dict, `undefined` if the checkpoint itself is one. */
  readonly part: string | undefined;
  /** Number of tensors of every possible state dict, by key. */
  readonly parts: ReadonlyMap<string, number>;
  /** Names in the state dict whose values are not tensors. */
  readonly skipped: readonly string[];
  /** Unknown globals that the pickle names: never imported, never called. */
  readonly unread: readonly string[];
  readonly #tensors: ReadonlyMap<string, TorchEntry>;
  readonly #records: ReadonlyMap<string, ArchiveEntry>;
  readonly #file: string;

  private constructor(
    dict: StateDict,
    { records, unread, file }: {
      records: ReadonlyMap<string, ArchiveEntry>;
      unread: ReadonlySet<string>;
      file: string;
    },
  ) {
    this.#tensors = new Map([...dict.tensors].map(([name, tensor]) => [name, describe(tensor)]));
    this.entries = this.#tensors;
    this.part = dict.part;
    this.parts = dict.parts;
    this.skipped = dict.skipped;
    this.unread = [...unread];
    this.#records = records;
    this.#file = file;
  }

  /**
   * Reads and validates everything but the tensors' elements.
   *
   * @param source the bytes; later reads use it
   * @throws {UnsafePickleError} if the pickle requires more than data, or contains something else
   * @throws {FormatError} if the file is damaged or not a checkpoint of PyTorch 1.6 or newer
   */
  static async open(source: ByteSource, options: TorchFileOptions = {}): Promise<TorchFile> {
    const file = options.file ?? "checkpoint";
    await refuseOthers(source, file);
    const archive = await ZipArchive.open(source, file);
    const records = withoutPrefix(archive, file);
    await checkRecords(records, file);
    const pickle = recordOf(records, "data.pkl", file);
    if (pickle.size > MAX_PICKLE) {
      throw new FormatError(`${file}: data.pkl has ${pickle.size} bytes, at most ${MAX_PICKLE}`);
    }
    const unread = new Set<string>();
    const root = readPickle(await pickle.readAll(), {
      file: `${file}: data.pkl`,
      sizeOf: (key) => records.get(`data/${key}`)?.size,
      unread,
    });
    const dict = stateDictOf(root, { file, part: options.part });
    return new TorchFile(dict, { records, unread, file });
  }

  /**
   * Reads one tensor.
   *
   * @throws {FormatError} if there is no tensor of that name, or its checksum is wrong
   */
  async read(name: string): Promise<SafetensorsTensor> {
    const entry = readableEntry(this.entries, name, this.#file);
    return toTensor(entry, await this.readBytes(name, { offset: 0, length: entry.length }));
  }

  /**
   * Reads a part of one tensor: its elements in C order, little-endian. If a tensor is read from
   * its start in consecutive parts, its checksum is verified with the last one.
   *
   * @throws {FormatError} as {@link TorchFile.read}
   * @throws {RangeError} if the range is not within the tensor
   */
  async readBytes(name: string, range: TensorRange): Promise<Uint8Array> {
    const entry = entryOf(this.#tensors, name, this.#file);
    checkRange(entry, range);
    const { storage, layout } = entry.tensor;
    const record = recordOf(this.#records, `data/${storage.key}`, this.#file);
    const itemSize = typedLength([1], storage.dtype)!;
    if (isContiguous(layout)) {
      if (entry.length === record.size) return await record.readInOrder(range);
      const offset = layout.offset * itemSize + range.offset;
      return await record.readPart({ offset, length: range.length });
    }
    const span = spanOf(layout);
    const bytes = await record.readPart({
      offset: span.start * itemSize,
      length: span.length * itemSize,
    });
    return gather(bytes, { layout, itemSize, range });
  }
}

function describe(tensor: PickleTensor): TorchEntry {
  const { storage: { dtype }, layout: { shape } } = tensor;
  const length = typedLength(shape, dtype);
  if (length === undefined) throw new RangeError(`shape [${shape}] overflows`);
  return { dtype, shape, length, tensor };
}

/** Refuses files that are not zip archives, naming their kind: a pickle, a web page, a pointer. */
async function refuseOthers(source: ByteSource, file: string): Promise<void> {
  const length = Math.min(HEAD_BYTES, source.size);
  const head = await readExactly(source, { offset: 0, length }, file);
  const wanted = "a checkpoint of PyTorch 1.6 or newer";
  refuseForeign(head, { file, wanted, own: ["torch", "zip"] });
  if (recognise(head) !== undefined) return;
  throw new FormatError(`${file}: byte 0: not a zip archive, wanted ${wanted}`, {
    hint: "take the model as a safetensors file",
  });
}

/** Returns the records by name, without the one folder that contains them all. */
function withoutPrefix({ entries }: ZipArchive, file: string): Map<string, ArchiveEntry> {
  const [first = ""] = entries.keys();
  const prefix = first.slice(0, first.indexOf("/") + 1);
  const records = new Map<string, ArchiveEntry>();
  for (const [name, entry] of entries) {
    if (prefix === "" || !name.startsWith(prefix)) {
      throw new FormatError(
        `${file}: entry ${shown(name)} is not below ${shown(prefix)} as the first one is`,
      );
    }
    records.set(name.slice(prefix.length), entry);
  }
  return records;
}

async function checkRecords(
  records: ReadonlyMap<string, ArchiveEntry>,
  file: string,
): Promise<void> {
  if (records.has("constants.pkl")) {
    throw new FormatError(`${file}: a TorchScript program, wanted a checkpoint`, {
      hint: "save the module's state_dict() instead",
    });
  }
  const version = await shortText(recordOf(records, "version", file), file);
  const number = /^\d{1,2}\n?$/.test(version) ? Number(version) : 0;
  if (number < 1 || number > MAX_VERSION) {
    throw new FormatError(
      `${file}: version ${shown(version)} of the archive, wanted 1 to ${MAX_VERSION}`,
    );
  }
  // Absent before PyTorch 2.1, which always wrote little-endian.
  const byteorder = records.get("byteorder");
  const order = byteorder && await shortText(byteorder, file);
  if (order !== undefined && order !== "little") {
    throw new FormatError(`${file}: byte order ${shown(order)}, only little is read`);
  }
  for (const name of NUMBERS) {
    const record = records.get(name);
    const text = record && await shortText(record, file);
    if (text !== undefined && !/^\d+$/.test(text)) {
      throw new FormatError(`${file}: ${name} ${shown(text)}, wanted a number`);
    }
  }
}

async function shortText(record: ArchiveEntry, file: string): Promise<string> {
  if (record.size > MAX_TEXT) {
    throw new FormatError(`${file}: ${record.size} bytes for a version or a number`);
  }
  return new TextDecoder().decode(await record.readAll());
}

function recordOf(
  records: ReadonlyMap<string, ArchiveEntry>,
  name: string,
  file: string,
): ArchiveEntry {
  const record = records.get(name);
  if (!record) {
    throw new FormatError(`${file}: no entry ${shown(name)}, wanted one in a checkpoint`);
  }
  return record;
}
