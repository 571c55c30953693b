/** Which file of a diffusers folder holds its weights. @module */
import { ModelError } from "../errors.ts";
import { shown } from "../text.ts";

/** Names of weights without their endings, as the library that wrote them gives them. */
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

/** Names of whole weights, the first that is there is taken. */
function wholeNames({ safetensors, bin }: WeightStems): string[] {
  return [
    `${safetensors}.safetensors`,
    `${safetensors}.safetensors.index.json`,
    `${bin}.bin`,
    `${bin}.bin.index.json`,
  ];
}

/**
 * The same of a variant, such as fp16 or non_ema: its name stands before the last ending.
 */
function variantPatterns({ safetensors, bin }: WeightStems): RegExp[] {
  return [[safetensors, "safetensors"], [bin, "bin"]].flatMap(([stem, ending]) => [
    new RegExp(`^${stem}\\.([\\w-]+)\\.${ending}$`),
    new RegExp(`^${stem}\\.${ending}\\.index\\.([\\w-]+)\\.json$`),
  ]);
}

/** A part of sharded weights, which its index names. */
const SHARD = /-\d{5}-of-\d{5}(?=\.)/;
/** Any other weights, which no configuration in the folder speaks of. */
const OTHERS = /\.(safetensors|bin|pt|pth|ckpt|onnx|msgpack|h5|gguf)$/;

/** The file of a folder's weights. */
export interface WeightsName {
  readonly name: string;
  /** The variant where no other weights are there. */
  readonly variant?: string;
}

/**
 * Chooses the weights among the files of a folder.
 *
 * @throws {ModelError} where there are none, or several variants, naming the files that were found
 */
export function weightsName(
  files: readonly string[],
  folder: string,
  stems: WeightStems = DIFFUSERS_STEMS,
): WeightsName {
  const whole = wholeNames(stems);
  const plain = whole.find((name) => files.includes(name));
  if (plain !== undefined) return { name: plain };
  const variants = variantsOf(files, stems);
  if (variants.size === 1) {
    const [[variant, names]] = variants;
    return { name: names.find((name) => name.includes(".safetensors")) ?? names[0], variant };
  }
  if (variants.size > 1) {
    throw new ModelError(
      `${folder} has the variants ${[...variants.keys()].join(", ")} and no ${whole[0]}`,
      { hint: "keep the one to take in a folder of its own, beside its config.json" },
    );
  }
  const others = files.filter((name) => OTHERS.test(name)).slice(0, 3).map(shown);
  throw new ModelError(
    `${folder} has none of ${whole.join(", ")}` +
      (others.length > 0 ? `, only ${others.join(", ")}` : ""),
    {
      hint: others.length > 0
        ? "take the weights in diffusers' format, under one of these names"
        : "take a network's folder of a diffusers model",
    },
  );
}

/** Files of every variant, by its name. */
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
