/** Recognises names of weights in a folder: kinds, variants, shards. @module */

/** A file name and its size in bytes. */
export interface NamedSize {
  readonly name: string;
  readonly size: number;
}

/** Stems of diffusers and transformers, in the order of preference. */
const STEMS = ["diffusion_pytorch_model", "model", "pytorch_model"];

const SHARD = /-\d{5}-of-\d{5}/;

/**
 * The files of one set of weights in a folder: safetensors before pickles, the plain variant before
 * others, one file before shards.
 *
 * @param options.fp16 prefer the variant `fp16`
 */
export function pickWeights(names: readonly string[], { fp16 = false } = {}): string[] {
  for (const stem of STEMS) {
    for (const extension of ["safetensors", "bin"]) {
      const sets = Map.groupBy(
        names.filter((name) => isWeights(name, stem, extension)),
        (name) => variantOf(name, stem, extension),
      );
      if (sets.size === 0) continue;
      const variant = pickVariant([...sets.keys()], fp16);
      return oneSet(sets.get(variant)!, names, { stem, extension, variant });
    }
  }
  return [];
}

function isWeights(name: string, stem: string, extension: string): boolean {
  return /^[.-]/.test(name.slice(stem.length)) && name.startsWith(stem) &&
    name.endsWith(`.${extension}`);
}

/**
 * `fp16` of `model.fp16.safetensors` and `model.fp16-00001-of-00002.safetensors`, empty for the
 * plain ones.
 */
function variantOf(name: string, stem: string, extension: string): string {
  const middle = name.slice(stem.length, -extension.length - 1);
  return middle.replace(SHARD, "").replace(/^\./, "");
}

function pickVariant(variants: string[], fp16: boolean): string {
  if (fp16 && variants.includes("fp16")) return "fp16";
  return variants.includes("") ? "" : variants.includes("fp16") ? "fp16" : variants.toSorted()[0];
}

function oneSet(
  set: string[],
  names: readonly string[],
  { stem, extension, variant }: { stem: string; extension: string; variant: string },
): string[] {
  const whole = set.find((name) => !SHARD.test(name));
  if (whole !== undefined) return [whole];
  const index = `${stem}.${extension}.index`;
  const spellings = variant
    ? [`${index}.${variant}.json`, `${stem}.${variant}.${extension}.index.json`]
    : [`${index}.json`];
  return [...names.filter((name) => spellings.includes(name)), ...set];
}

/**
 * The files of one network in a folder: `model.onnx` or `model_fp16.onnx`, and its external data.
 *
 * @param options.fp16 prefer the float16 network
 */
export function pickNetwork(files: readonly NamedSize[], { fp16 = false } = {}): string[] {
  const has = (name: string) => files.some((file) => file.name === name);
  const order = fp16 ? ["model_fp16", "model"] : ["model", "model_fp16"];
  const stem = order.find((stem) => has(`${stem}.onnx`));
  if (stem === undefined) return [];
  const network = files.find(({ name }) => name === `${stem}.onnx`)!;
  const beside = files.filter(({ name }) =>
    name.startsWith(`${network.name}_`) || name.startsWith(`${network.name}.`) || /\.pb$/.test(name)
  );
  if (beside.length > 0) return [network, ...beside].map(({ name }) => name);
  // A network with its weights inside is about as large as the weights; one that reads them is far
  // smaller.
  const data = files.find(({ name }) => name === `${stem}.safetensors`);
  return data && data.size > 4 * network.size ? [network.name, data.name] : [network.name];
}
