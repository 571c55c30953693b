/** Chooses the files of a repository that a model folder needs. @module */
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

/** Configurations and vocabularies; an index of shards counts as weights. */
const SETTINGS = /^(?!.*\.index\.)(?!flax_|tf_).*\.(json|txt)$/;

/** A checkpoint of a whole model, or of a part for another tool. */
const CHECKPOINT = /\.(safetensors|ckpt|pt|pth)$/;

/** Maximum number of names that an error lists. */
const MAX_LISTED = 6;

/** Options of {@link neededFiles}. */
export interface FileChoice {
  /** Patterns of the files to download, instead of those that a model needs. */
  include?: readonly string[];
  /** Patterns of files to omit. */
  exclude?: readonly string[];
  /** Prefer half-precision weights. */
  fp16?: boolean;
}

/**
 * Chooses files. Without `include`: a model's index, configurations, tokenizers and one set of
 * weights for each part, ONNX networks before weights to convert; the same of a single part;
 * otherwise the only checkpoint.
 *
 * @param what the repository's name
 * @throws {UsageError} if there are no files, or several checkpoints, to choose from
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
  }, { hint: `it has ${listNames(files)}` });
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

/** Configurations and one set of weights of a folder. */
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
  // The folder `vae` of an ONNX model is the source of its two VAE networks.
  if (isOnnx && weights.size === 0 && pickWeights(names).length > 0) return [];
  return named.filter(({ name }) => SETTINGS.test(name) || weights.has(name)).map(({ file }) =>
    file
  );
}

/** A single part of a model, such as a VAE; otherwise the only checkpoint of a repository. */
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
    hint: (name) => `give ${name("include")} a name: ${listNames(checkpoints)}`,
  });
}

function listNames(files: readonly HubFile[]): string {
  const names = files.slice(0, MAX_LISTED).map(({ path }) => shown(path).slice(1, -1));
  const more = files.length - names.length;
  return names.length === 0 ? "no files" : names.join(", ") + (more > 0 ? ` and ${more} more` : "");
}
