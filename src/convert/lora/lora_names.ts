/**
 * Parses names of tensors in LoRA files: the layer that each changes, and its part of the change.
 * @module
 */

/** Parts of a change: factors of products, Hadamard and Kronecker products, and scales. */
export type LoraPart =
  | "down"
  | "up"
  | "mid"
  | "alpha"
  | "dora_scale"
  | "magnitude"
  | `hada_${"w1_a" | "w1_b" | "w2_a" | "w2_b" | "t1" | "t2"}`
  | `lokr_${"w1" | "w1_a" | "w1_b" | "w2" | "w2_a" | "w2_b" | "t2"}`;

/** Layer and part of a tensor. */
export interface LoraName {
  /** Name of the layer, spelled as in the file. */
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
 * Early versions of diffusers stored the changes of an attention's layers in its processor:
 * `attn1.processor.to_q_lora.down.weight`.
 */
const PROCESSOR = /^(.*?)(?:\.processor)?\.to_(q|k|v|out)_lora\.(down|up)\.weight$/;

/** Layer and part of a name; `undefined` if its form is not known. */
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
