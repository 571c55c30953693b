/**
 * A checkpoint of Stable Diffusion in one file, with the names of the original code
 * (latent-diffusion, LDM).
 * @module
 */
import { ModelError } from "../../errors.ts";
import type { TensorFile } from "../../formats/tensor_file.ts";
import { shown } from "../../text.ts";
import { addView, type TensorView, TensorViews } from "../tensor_views.ts";
import { openClipViews } from "./open_clip_names.ts";
import { type SingleFileKind, singleFileKind } from "./single_file_kind.ts";
import { unetNames } from "./unet_names.ts";
import { vaeViews } from "./vae_names.ts";

/** Networks of a single file, under the names of a diffusers folder. */
export interface SingleFile {
  /** Version of Stable Diffusion. */
  kind: SingleFileKind;
  /** The UNet. */
  unet: TensorFile;
  /** The autoencoder; `undefined` if the file has none. */
  vae: TensorFile | undefined;
  /** Text encoders, SDXL's second one last. */
  texts: readonly TensorFile[];
  /** Whether the UNet's weights are averaged; `undefined` if the file has only one set. */
  averaged: boolean | undefined;
  /** Whether the file has the marker `v_pred`. */
  predictsV: boolean;
  /**
   * Names of tensors that belong to no network and are not usual in such files.
   */
  unused: readonly string[];
}

/** Options of {@link openSingleFile}. */
export interface SingleFileOptions {
  /** Name of the file in errors. */
  file: string;
  /** Use the weights of the last step even if the file has averaged ones. */
  plainWeights?: boolean;
}

const UNET = "model.diffusion_model.";
const VAE = "first_stage_model.";
const AVERAGED = "model_ema.";
/** Prefixes of text encoders by kind. */
const TEXTS: Readonly<Record<SingleFileKind, readonly string[]>> = {
  sd1: ["cond_stage_model.transformer."],
  sd2: ["cond_stage_model.model."],
  sdxl: ["conditioner.embedders.0.transformer.", "conditioner.embedders.1.model."],
};
/** Schedule tables, step counters, training losses and markers. */
const USUAL = new RegExp(`^(${
  [
    ...["alphas_cumprod(_prev)?", "betas", "sqrt_.*", "log_one_minus_alphas_cumprod"],
    ...["posterior_.*", "logvar", "lvlb_weights", "scale_factor", "denoiser\\.sigmas"],
    ...["global_step", "v_pred", "model_ema\\..*", "first_stage_model\\.(loss|model_ema)\\..*"],
  ].join("|")
})$`);

/**
 * Finds the networks of a single file.
 *
 * @throws {ModelError} if it is another kind of file, or a kind of model that is not supported
 */
export function openSingleFile(
  tensors: TensorFile,
  { file, plainWeights = false }: SingleFileOptions,
): SingleFile {
  const kind = singleFileKind(tensors, file);
  const names = [...tensors.entries.keys()];
  const under = (prefix: string) =>
    new Map(
      names.filter((name) => name.startsWith(prefix) && !USUAL.test(name))
        .map((name) => [name.slice(prefix.length), name] as const),
    );
  const averages = averagedNames(names, file);
  const unet = new Map<string, TensorView>();
  const own = under(UNET);
  const rename = unetNames(own.keys());
  for (const [name, plain] of own) {
    const source = plainWeights ? plain : averages?.get(plain) ?? plain;
    addView(unet, rename(name), { source });
  }
  const vae = under(VAE);
  const prefixes = [UNET, VAE, ...TEXTS[kind]];
  return {
    kind,
    unet: new TensorViews(tensors, unet),
    vae: vae.size === 0 ? undefined : new TensorViews(tensors, vaeViews(tensors, vae)),
    texts: TEXTS[kind].map((prefix) =>
      new TensorViews(tensors, textViews(tensors, under(prefix), { kind, prefix }))
    ),
    averaged: averages && !plainWeights,
    predictsV: names.includes("v_pred"),
    unused: names.filter((name) =>
      !USUAL.test(name) && !prefixes.some((prefix) => name.startsWith(prefix))
    ),
  };
}

function textViews(
  tensors: TensorFile,
  names: ReadonlyMap<string, string>,
  { kind, prefix }: { kind: SingleFileKind; prefix: string },
): Map<string, TensorView> {
  if (prefix.endsWith(".model.")) {
    return openClipViews(tensors, names, { penultimate: kind === "sd2" });
  }
  return new Map([...names].map(([name, source]) => [name, { source }]));
}

/**
 * Names of averaged weights, which have no dots, by the names of the plain ones.
 *
 * @returns `undefined` if there are none
 * @throws {ModelError} if only some weights have an average
 */
function averagedNames(names: readonly string[], file: string): Map<string, string> | undefined {
  const all = new Set(names);
  const pairs = names.filter((name) => name.startsWith(UNET)).map((name) =>
    [name, AVERAGED + name.slice("model.".length).replaceAll(".", "")] as const
  );
  const missing = pairs.filter(([, average]) => !all.has(average));
  if (missing.length === pairs.length) return undefined;
  if (missing.length === 0) return new Map(pairs);
  throw new ModelError(
    `${file}: ${missing.length} of ${pairs.length} weights of the UNet have no average, ` +
      `such as ${shown(missing[0][0])}, wanted averages of all or of none`,
    { hint: (name) => `${name("plainWeights")} uses the weights that are not averaged` },
  );
}
