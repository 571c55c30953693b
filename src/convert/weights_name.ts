/** Chooses the weights file of a diffusers folder. @module */
import { ModelError } from "../errors.ts";
import { shown } from "../text.ts";

/** File names of weights without extension, as the library writes them. */
export interface WeightStems {
  readonly safetensors: string;
  readonly bin: string;
}

/** Of diffusers' networks. */
export const DIFFUSERS_STEMS: WeightStems = {
  safetensors: "diffusion_pytorch_model",
  bin: "diffusion_pytorch_model",
};
/** Of transformers' networks. */
export const TRANSFORMERS_STEMS: WeightStems = { safetensors: "model", bin: "pytorch_model" };

/** Names of plain weights, in the order of preference. */
function plainNames({ safetensors, bin }: WeightStems): string[] {
  return [
    `${safetensors}.safetensors`,
    `${safetensors}.safetensors.index.json`,
    `${bin}.bin`,
    `${bin}.bin.index.json`,
  ];
}

/** Patterns of variants such as fp16 or non_ema, whose name precedes the last extension. */
function variantPatterns({ safetensors, bin }: WeightStems): RegExp[] {
  return [[safetensors, "safetensors"], [bin, "bin"]].flatMap(([stem, ending]) => [
    new RegExp(`^${stem}\\.([\\w-]+)\\.${ending}$`),
    new RegExp(`^${stem}\\.${ending}\\.index\\.([\\w-]+)\\.json$`),
  ]);
}

/** A shard, which an index lists. */
const SHARD = /-\d{5}-of-\d{5}(?=\.)/;
/** Weights of other formats. */
const OTHERS = /\.(safetensors|bin|pt|pth|ckpt|onnx|msgpack|h5|gguf)$/;

/** The weights file of a folder. */
export interface WeightsName {
  readonly name: string;
  /** The variant, if the folder has no plain weights. */
  readonly variant?: string;
}

/**
 * Chooses the weights among the files of a folder.
 *
 * @throws {ModelError} if there are none, or several variants, listing the files found
 */
export function weightsName(
  files: readonly string[],
  folder: string,
  stems: WeightStems = DIFFUSERS_STEMS,
): WeightsName {
  const names = plainNames(stems);
  const plain = names.find((name) => files.includes(name));
  if (plain !== undefined) return { name: plain };
  const variants = variantsOf(files, stems);
  if (variants.size === 1) {
    const [[variant, own]] = variants;
    return { name: own.find((name) => name.includes(".safetensors")) ?? own[0], variant };
  }
  if (variants.size > 1) {
    throw new ModelError(
      `${folder} has the variants ${[...variants.keys()].join(", ")} and no ${names[0]}`,
      { hint: "move the wanted one to a folder of its own, with its config.json" },
    );
  }
  const others = files.filter((name) => OTHERS.test(name)).slice(0, 3).map(shown);
  throw new ModelError(
    `${folder} has none of ${names.join(", ")}` +
      (others.length > 0 ? `, only ${others.join(", ")}` : ""),
    {
      hint: others.length > 0
        ? "download the weights in diffusers' format"
        : "choose the folder of one network of a diffusers model",
    },
  );
}

/** Files by variant. */
function variantsOf(files: readonly string[], stems: WeightStems): Map<string, string[]> {
  const patterns = variantPatterns(stems);
  const variants = new Map<string, string[]>();
  for (const name of [...files].sort()) {
    const variant = patterns.map((pattern) => pattern.exec(name)?.[1]).find(Boolean);
    if (variant === undefined || SHARD.test(name)) continue;
    variants.set(variant, [...variants.get(variant) ?? [], name]);
  }
  return variants;
}
