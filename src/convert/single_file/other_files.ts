/** Recognises files of tensors that are not checkpoints of Stable Diffusion. @module */
import type { Wording } from "../../errors.ts";

/** A kind of file, recognised by names that only it has. */
interface Kind {
  /** Name of the kind for messages. */
  readonly what: string;
  readonly pattern: RegExp;
  /** Hint about what to do with the file. */
  readonly hint?: Wording;
}

/** Kinds whose files may also contain a UNet. */
const KINDS: readonly Kind[] = [
  {
    what: "a ControlNet",
    pattern: /^control_model\.|(^|\.)input_hint_block\.|^controlnet_/,
    hint: "parataa does not run ControlNets",
  },
  {
    what: "a LoRA",
    pattern: /^lora_|[._]lora[._](A|B|up|down|mid)\b|\.hada_[wt]\d|\.lokr_[wt]\d|\.dora_scale$/,
    hint: (name) => `${name("lora")} merges it into the checkpoint that it was trained on`,
  },
  {
    what: "a textual inversion",
    pattern: /^(string_to_param|emb_params|clip_l|clip_g|\*)(\.|$)|^<.*>$/,
    hint: "parataa does not support embeddings yet",
  },
  { what: "Stable Diffusion 3", pattern: /(^|\.)joint_blocks\./ },
  { what: "Flux", pattern: /(^|\.)double_blocks\./ },
  {
    what: "a DiT",
    pattern: /^(module\.)?x_embedder\.proj\.weight$/,
    hint: "convert dit converts it",
  },
];

/** Parts of a model; checked only if the file has no UNet with a single file's names. */
const PARTS: readonly Kind[] = [
  {
    what: "the UNet of a diffusers folder alone",
    pattern: /^down_blocks\.\d+\.resnets\./,
    hint: "pass the folder of the whole model, which has model_index.json",
  },
  {
    what: "a VAE alone",
    pattern: /^(first_stage_model\.|vae\.)?decoder\.conv_in\.weight$/,
    hint: (name) => `${name("vaePath")} takes a VAE, in addition to a checkpoint`,
  },
  {
    what: "a text encoder alone",
    pattern: /(^|\.)(text_model\.)?(embeddings\.)?token_embedding\.weight$/,
  },
];

/**
 * Returns the kind of a file that is not a checkpoint with a UNet; `undefined` if no kind matches.
 */
export function otherFile(
  names: readonly string[],
  hasUnet: boolean,
): Omit<Kind, "pattern"> | undefined {
  const kinds = hasUnet ? KINDS : [...KINDS, ...PARTS];
  return kinds.find(({ pattern }) => names.some((name) => pattern.test(name)));
}
