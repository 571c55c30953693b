/**
 * The families of text-to-image models, by the class in `model_index.json`: the parts of a folder
 * and the inputs of the denoiser.
 * @module
 */
import type { JsonObject } from "../formats/json.ts";
import type { TextEmbedding } from "../models/text_encoder_network.ts";
import type { ConstantInput } from "../models/networks/constant_inputs.ts";
import type { ConditionInput, LatentShape } from "../models/networks/network_contract.ts";

/** Name of a family. */
export type FamilyName = "sd" | "sdxl" | "sd3" | "flux";

/** Inputs of a row, without the latents and the timestep. */
export interface RowFacts {
  embedding: TextEmbedding;
  /** `[height, width]` of the image in pixels. */
  imageSize: readonly [height: number, width: number];
  /** Guidance, for networks that take it as an input. */
  guidanceScale: number;
}

/** A family of models. */
export interface TextFamily {
  name: FamilyName;
  /** Name in messages. */
  title: string;
  /** Folder of the denoiser. */
  part: "unet" | "transformer";
  /** Folders of the CLIP encoders; the tokenizer of `text_encoder_2` is in `tokenizer_2`. */
  clips: readonly string[];
  /** Folder of the T5 encoder, and its number of tokens. */
  t5?: { part: string; tokens: number; optional: boolean };
  /** Whether the network was trained as a flow. */
  flow: boolean;
  /** Name of the input of the latents. */
  sample: string;
  /** Side of the square of a latent that is one token; sizes are multiples of it. */
  patch: number;
  /** Whether the network takes latents as tokens. */
  packed?: true;
  /** Condition inputs except `encoder_hidden_states`. */
  conditions: readonly ConditionInput[];
  /** Spacing of a flow's levels before the shift. */
  flowSpacing?: "scheduler" | "pipeline";
  /** Factor of the timesteps for the network. */
  timestepScale?: number;
  /** Side of a latent if the configuration of the network has none. */
  sampleSize?: number;
  /** Values of the condition inputs except `encoder_hidden_states`. */
  values(facts: RowFacts): Record<string, ArrayLike<number>>;
  /** Inputs that have no batch. */
  constants?(latent: LatentShape, tokens: number): ConstantInput[];
}

const SD: TextFamily = {
  ...{ name: "sd", title: "Stable Diffusion", part: "unet", clips: ["text_encoder"] },
  ...{ flow: false, sample: "sample", patch: 1, conditions: [] },
  values: () => ({}),
};

const SDXL: TextFamily = {
  ...SD,
  ...{ name: "sdxl", title: "Stable Diffusion XL", clips: ["text_encoder", "text_encoder_2"] },
  conditions: [{ name: "text_embeds", shape: [undefined] }, { name: "time_ids", shape: [6] }],
  // Original size, corner of the crop, target size: the image is not cropped.
  values: ({ embedding, imageSize }) => ({
    text_embeds: embedding.pooled!,
    time_ids: [...imageSize, 0, 0, ...imageSize],
  }),
};

const POOLED: ConditionInput = { name: "pooled_projections", shape: [undefined] };

const SD3: TextFamily = {
  ...{ name: "sd3", title: "Stable Diffusion 3", part: "transformer" },
  clips: ["text_encoder", "text_encoder_2"],
  t5: { part: "text_encoder_3", tokens: 256, optional: true },
  ...{ flow: true, sample: "hidden_states", patch: 2, sampleSize: 128 },
  conditions: [POOLED],
  values: ({ embedding }) => ({ pooled_projections: embedding.pooled! }),
};

const FLUX: TextFamily = {
  ...{ name: "flux", title: "FLUX", part: "transformer", clips: ["text_encoder"] },
  t5: { part: "text_encoder_2", tokens: 512, optional: false },
  ...{ flow: true, sample: "hidden_states", patch: 2, packed: true, sampleSize: 128 },
  ...{ flowSpacing: "pipeline", timestepScale: 1 / 1000 },
  conditions: [POOLED, { name: "guidance", shape: [], optional: true }],
  values: ({ embedding, guidanceScale }) => ({
    pooled_projections: embedding.pooled!,
    guidance: [guidanceScale],
  }),
  constants: fluxPositions,
};

/** Patterns of the classes in `model_index.json`. */
const FAMILIES: readonly (readonly [RegExp, TextFamily])[] = [
  [/StableDiffusionXL/, SDXL],
  [/StableDiffusion3/, SD3],
  [/^(ORT)?FluxPipeline$/, FLUX],
];

/** Family of a model folder by its index; by default Stable Diffusion 1 and 2. */
export function textFamily({ _class_name: name }: JsonObject): TextFamily {
  const found = FAMILIES.find(([pattern]) => typeof name === "string" && pattern.test(name));
  return found?.[1] ?? SD;
}

/** Row and column of every token of the image; zeros for those of the text. */
function fluxPositions([, height, width]: LatentShape, tokens: number): ConstantInput[] {
  const rows = height / 2, columns = width / 2;
  const positions = Array.from(
    { length: rows * columns },
    (_, i) => [0, Math.floor(i / columns), i % columns],
  );
  return [
    { name: "img_ids", dims: [rows * columns, 3], values: positions.flat() },
    { name: "txt_ids", dims: [tokens, 3], values: new Float64Array(tokens * 3) },
  ];
}
