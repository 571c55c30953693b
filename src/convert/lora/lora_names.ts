/**
 * Names of tensors in LoRA files: which layer each changes, and which part of the change it is.
 * @module
 */

/** Parts of a change: products, Hadamard products, Kronecker products, and what scales them. */
export type LoraPart =
  | "down"
  | "up"
  | "mid"
  | "alpha"
  | "dora_scale"
  | "magnitude"
  | `hada_${"w1_a" | "w1_b" | "w2_a" | "w2_b" | "t1" | "t2"}`
  | `lokr_${"w1" | "w1_a" | "w1_b" | "w2" | "w2_a" | "w2_b" | "t2"}`;

/** A tensor's name taken apart. */
export interface LoraName {
  /** Name of the layer as the file spells it. */
  layer: string;
  part: LoraPart;
}

/** Endings of kohya, LyCORIS, PEFT and older diffusers. */
const ENDINGS: readonly (readonly [pattern: RegExp, part?: LoraPart])[] = [
  [/\.lora_(down|up|mid)\.weight$/],
  [/\.(alpha|dora_scale)$/],
  [/\.(hada_(?:w[12]_[ab]|t[12]))$/],
  [/\.(lokr_(?:w[12](?:_[ab])?|t2))$/],
  [/\.lora_A(?:\.default)?\.weight$/, "down"],
  [/\.lora_B(?:\.default)?\.weight$/, "up"],
  [/\.lora_magnitude_vector(?:\.default)?(?:\.weight)?$/, "magnitude"],
  [/\.lora(?:_linear_layer)?\.(down|up)\.weight$/],
];
/**
 * The first diffusers put changes beside an attention's layers:
 * `attn1.processor.to_q_lora.down.weight`.
 */
const PROCESSOR = /^(.*?)(?:\.processor)?\.to_(q|k|v|out)_lora\.(down|up)\.weight$/;

/** @returns `undefined` where the name is of no known form */
export function loraName(name: string): LoraName | undefined {
  const [, block, layer, way] = PROCESSOR.exec(name) ?? [];
  if (block !== undefined) {
    const inText = block.endsWith(".self_attn");
    const own = inText ? `${layer}_proj` : layer === "out" ? "to_out.0" : `to_${layer}`;
    return { layer: `${block}.${own}`, part: way as LoraPart };
  }
  for (const [pattern, part] of ENDINGS) {
    const match = pattern.exec(name);
    if (match) {
      return { layer: name.slice(0, match.index), part: part ?? match[1] as LoraPart };
    }
  }
  return undefined;
}

/**
 * Spellings of a layer in LoRA files.
 *
 * @param layer its name in a diffusers folder
 * @param prefixes `lora_unet_` and the like, before the name with underscores; `unet.` and the
 * like, before the name with dots
 */
export function layerSpellings(layer: string, prefixes: readonly string[]): string[] {
  return prefixes.map((prefix) =>
    prefix + (prefix.endsWith("_") ? layer.replaceAll(".", "_") : layer)
  );
}
