/** Which file of a diffusers folder holds its weights. @module */
import { ModelError } from "../errors.ts";
import { shown } from "../text.ts";

/** Names under which diffusers saves weights, the first that is there is taken. */
const WEIGHTS = [
  "diffusion_pytorch_model.safetensors",
  "diffusion_pytorch_model.safetensors.index.json",
  "diffusion_pytorch_model.bin",
  "diffusion_pytorch_model.bin.index.json",
];
/**
 * The same of a variant, such as fp16 or non_ema: diffusers puts its name before the last ending.
 */
const VARIANTS = [
  /^diffusion_pytorch_model\.([\w-]+)\.(?:safetensors|bin)$/,
  /^diffusion_pytorch_model\.(?:safetensors|bin)\.index\.([\w-]+)\.json$/,
];
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
export function weightsName(files: readonly string[], folder: string): WeightsName {
  const plain = WEIGHTS.find((name) => files.includes(name));
  if (plain !== undefined) return { name: plain };
  const variants = variantsOf(files);
  if (variants.size === 1) {
    const [[variant, names]] = variants;
    return { name: names.find((name) => name.includes(".safetensors")) ?? names[0], variant };
  }
  if (variants.size > 1) {
    throw new ModelError(
      `${folder} has the variants ${[...variants.keys()].join(", ")} and no ${WEIGHTS[0]}`,
      { hint: "keep the one to take in a folder of its own, beside its config.json" },
    );
  }
  const others = files.filter((name) => OTHERS.test(name)).slice(0, 3).map(shown);
  throw new ModelError(
    `${folder} has none of ${WEIGHTS.join(", ")}` +
      (others.length > 0 ? `, only ${others.join(", ")}` : ""),
    {
      hint: others.length > 0
        ? "take the weights in diffusers' format, under one of these names"
        : "take the folder of a diffusers AutoencoderKL",
    },
  );
}

/** Files of every variant, by its name. */
function variantsOf(files: readonly string[]): Map<string, string[]> {
  const variants = new Map<string, string[]>();
  for (const name of [...files].sort()) {
    const variant = VARIANTS.map((pattern) => pattern.exec(name)?.[1]).find(Boolean);
    if (variant === undefined || SHARD.test(name)) continue;
    variants.set(variant, [...variants.get(variant) ?? [], name]);
  }
  return variants;
}
