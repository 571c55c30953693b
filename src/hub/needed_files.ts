/** Which files of a repository a model folder needs. @module */
import { UsageError } from "../errors.ts";
import { shown } from "../text.ts";
import { matchesGlob } from "./glob.ts";
import type { HubFile } from "./hub_listing.ts";
import { pickNetwork, pickWeights } from "./weight_names.ts";

const INDEX = "model_index.json";

/** Folders of a model that pipelines and `convert` read. */
const PARTS = [
  ...["scheduler", "tokenizer", "tokenizer_2", "text_encoder", "text_encoder_2"],
  ...["unet", "transformer", "vae", "vae_decoder", "vae_encoder"],
];

/** Settings and vocabularies; an index of shards belongs to its weights. */
const SETTINGS = /^(?!.*\.index\.)(?!flax_|tf_).*\.(json|txt)$/;

/** A checkpoint that holds a whole model, or a part of another tool's. */
const CHECKPOINT = /\.(safetensors|ckpt|pt|pth)$/;

/** Names that an error lists. */
const MOST_LISTED = 6;

/** What to take. */
export interface FileChoice {
  /** Patterns of the files to take, in the place of what a model needs. */
  include?: readonly string[];
  /** Patterns of files to leave out. */
  exclude?: readonly string[];
  /** Take half-precision weights where the repository has them. */
  fp16?: boolean;
}

/**
 * Chooses files. Without `include`: of a model its index, settings, tokenizers and one set of
 * weights a part, networks in ONNX before weights to convert; of a part alone the same; else the
 * only checkpoint.
 *
 * @param what the repository's name
 * @throws {UsageError} when nothing or too much is there to choose from
 */
export function chooseFiles(
  files: readonly HubFile[],
  { include = [], exclude = [], fp16 }: FileChoice,
  what: string,
): HubFile[] {
  const named = (patterns: readonly string[]) => ({ path }: HubFile) =>
    patterns.some((pattern) => matchesGlob(path, pattern));
  const taken = include.length > 0
    ? files.filter(named(include))
    : neededFiles(files, { fp16, what });
  const left = taken.filter((file) => !named(exclude)(file));
  if (left.length > 0) return left;
  throw new UsageError((name) => {
    if (include.length === 0 && taken.length === 0) {
      return `${what} has no model folder and no checkpoint`;
    }
    const patterns = exclude.length > 0
      ? `${name("include")} and ${name("exclude")} leave`
      : `${name("include")} names`;
    return `${what} has no file that ${patterns}`;
  }, { hint: `it has ${someOf(files)}` });
}

function neededFiles(
  files: readonly HubFile[],
  { fp16, what }: { fp16?: boolean; what: string },
): HubFile[] {
  const folders = Map.groupBy(
    files,
    ({ path }) => path.slice(0, Math.max(0, path.lastIndexOf("/"))),
  );
  const root = folders.get("") ?? [];
  const index = root.find(({ path }) => path === INDEX);
  if (index === undefined) return looseFiles(root, { fp16, what });
  const isOnnx = ["unet", "transformer"].some((part) =>
    folders.get(part)?.some(({ path }) => /\/model(_fp16)?\.onnx$/.test(path))
  );
  return [index, ...PARTS.flatMap((part) => partFiles(folders.get(part) ?? [], { fp16, isOnnx }))];
}

/** Settings and one set of weights of a folder. */
function partFiles(
  files: readonly HubFile[],
  { fp16, isOnnx }: { fp16?: boolean; isOnnx: boolean },
): HubFile[] {
  const named = files.map((file) => ({
    file,
    name: file.path.split("/").at(-1)!,
    size: file.size,
  }));
  const names = named.map(({ name }) => name);
  const weights = new Set(isOnnx ? pickNetwork(named, { fp16 }) : pickWeights(names, { fp16 }));
  // The folder `vae` of a model in ONNX is what its two networks were made of.
  if (isOnnx && weights.size === 0 && pickWeights(names).length > 0) return [];
  return named.filter(({ name }) => SETTINGS.test(name) || weights.has(name)).map(({ file }) =>
    file
  );
}

/** A part of a model by itself, such as a VAE; else the only checkpoint of a repository. */
function looseFiles(
  root: readonly HubFile[],
  { fp16, what }: { fp16?: boolean; what: string },
): HubFile[] {
  const names = root.map(({ path }) => path);
  if (names.includes("config.json") && pickWeights(names).length > 0) {
    return partFiles(root, { fp16, isOnnx: false });
  }
  const checkpoints = root.filter(({ path }) => CHECKPOINT.test(path));
  if (checkpoints.length <= 1) return checkpoints;
  throw new UsageError(`${what} has ${checkpoints.length} checkpoints, wanted the name of one`, {
    hint: (name) => `give ${name("include")} a name: ${someOf(checkpoints)}`,
  });
}

function someOf(files: readonly HubFile[]): string {
  const names = files.slice(0, MOST_LISTED).map(({ path }) => shown(path).slice(1, -1));
  const more = files.length - names.length;
  return names.length === 0 ? "no files" : names.join(", ") + (more > 0 ? ` and ${more} more` : "");
}
