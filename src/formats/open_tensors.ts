/**
 * Opens files of tensors by path: safetensors, a PyTorch checkpoint, or an index of shards.
 * @module
 */
import { dirname, join } from "node:path";
import { FormatError } from "../errors.ts";
import type { ByteSource } from "./byte_source.ts";
import { FileSource } from "./file_source.ts";
import { SafetensorsFile } from "./safetensors/safetensors.ts";
import { ShardedTensors } from "./safetensors/sharded_tensors.ts";
import { HEAD_BYTES, recognise, refuseForeign } from "./foreign_file.ts";
import { shown } from "../text.ts";
import { TorchFile } from "./torch/torch_file.ts";

/** Options of {@link openTensorFile} and {@link openTensors}. */
export interface OpenTensorsOptions {
  /** Name of the file in messages. */
  file?: string;
  /** Key of the state dict in a PyTorch checkpoint, see {@link TorchFile.open}. */
  part?: string;
}

/**
 * Opens a safetensors file or a PyTorch checkpoint. The format is recognised by the first bytes,
 * not by the name.
 *
 * @throws {FormatError} as {@link TorchFile.open} and {@link SafetensorsFile.open}
 */
export async function openTensorFile(
  source: ByteSource,
  options: OpenTensorsOptions = {},
): Promise<SafetensorsFile | TorchFile> {
  const { file = "tensors", part } = options;
  const head = await source.read(0, HEAD_BYTES);
  const own = ["safetensors", "torch", "zip"] as const;
  refuseForeign(head, { file, wanted: "a safetensors file or a PyTorch checkpoint", own });
  const kind = recognise(head)?.kind;
  // The name decides if the file is too damaged to be recognised.
  const safetensors = kind === "safetensors" || (!kind && file.endsWith(".safetensors"));
  if (!safetensors) return await TorchFile.open(source, options);
  if (part === undefined) return await SafetensorsFile.open(source, options);
  throw new FormatError(`${file} has no parts, but part ${shown(part)} is given`, {
    hint: "only PyTorch checkpoints have parts",
  });
}

/** Open tensors and their files. `using` closes the files. */
export interface OpenTensors extends Disposable {
  /** The tensors. */
  readonly tensors: SafetensorsFile | TorchFile | ShardedTensors;
  /** Path of every file. */
  readonly paths: readonly string[];
}

/**
 * Opens tensors by path. The shards of an `….index.json` must lie beside it.
 *
 * @throws {FormatError} as {@link openTensorFile} and {@link ShardedTensors.open}
 * @throws {PermissionError} when reading is not allowed
 *
 * @example
 * ```ts ignore
 * using opened = await openTensors("DiT-XL-2-256x256.pt");
 * for (const [name, { shape }] of opened.tensors.entries) console.log(name, shape);
 * ```
 */
export async function openTensors(
  path: string,
  options: OpenTensorsOptions = {},
): Promise<OpenTensors> {
  using files = new DisposableStack();
  const paths: string[] = [];
  const open = (path: string, file: string) => {
    paths.push(path);
    return openTensorFile(files.use(FileSource.open(path)), { ...options, file });
  };
  const tensors = await openPath(path, options.file ?? path, open);
  const owned = files.move();
  return { tensors, paths, [Symbol.dispose]: () => owned.dispose() };
}

/**
 * True if the path names an index of shards. diffusers puts a variant's name, such as fp16, before
 * the last extension.
 */
export function isShardIndex(path: string): boolean {
  return /\.index(\.[\w-]+)?\.json$/.test(path);
}

async function openPath(
  path: string,
  file: string,
  open: (path: string, file: string) => Promise<SafetensorsFile | TorchFile>,
): Promise<OpenTensors["tensors"]> {
  if (!isShardIndex(path)) return await open(path, file);
  using index = FileSource.open(path);
  const folder = dirname(path);
  return await ShardedTensors.open(await index.read(0, index.size), {
    file,
    open: (shard) => open(join(folder, shard), join(dirname(file), shard)),
  });
}
