/** JSON files of a converted model folder, with diffusers' keys. @module */
import type { JsonObject } from "../formats/json.ts";
import { SCHEDULER_PRESETS, type SchedulerConfig } from "../sampling/schedules/scheduler_config.ts";
import type { DitArchitecture } from "./dit/dit_architecture.ts";
import type { VaeConfig } from "./vae/vae_config.ts";

/** `transformer/config.json`. */
export function ditConfig(dit: DitArchitecture): JsonObject {
  return {
    _class_name: "DiTTransformer2DModel",
    sample_size: dit.size,
    patch_size: dit.patch,
    in_channels: dit.channels,
    out_channels: dit.outChannels,
    num_layers: dit.depth,
    num_attention_heads: dit.heads,
    attention_head_dim: dit.width / dit.heads,
    num_embeds_ada_norm: dit.classRows - 1,
  };
}

/** `scheduler/scheduler_config.json`: the schedule that DiT was trained with. */
export function ditSchedulerConfig(): JsonObject {
  return schedulerConfig(SCHEDULER_PRESETS.dit);
}

/**
 * `scheduler/scheduler_config.json` of a rectified flow. No checkpoint holds the shift: it is that
 * of Stable Diffusion 3.
 */
export function flowSchedulerConfig(): JsonObject {
  return {
    _class_name: "FlowMatchEulerDiscreteScheduler",
    num_train_timesteps: 1000,
    shift: 3,
    use_dynamic_shifting: false,
  };
}

function schedulerConfig(preset: Readonly<SchedulerConfig>): JsonObject {
  return {
    _class_name: "DDIMScheduler",
    num_train_timesteps: preset.numTrainTimesteps,
    clip_sample: false,
    prediction_type: "epsilon",
    timestep_spacing: preset.timestepSpacing,
    trained_betas: null,
    beta_start: preset.betaStart,
    beta_end: preset.betaEnd,
    beta_schedule: preset.betaSchedule,
    set_alpha_to_one: preset.setAlphaToOne,
    steps_offset: preset.stepsOffset,
  };
}

/** `scheduler/scheduler_config.json`: the schedule that Stable Diffusion was trained with. */
export function sdSchedulerConfig(prediction: "epsilon" | "v_prediction"): JsonObject {
  return {
    ...schedulerConfig(SCHEDULER_PRESETS["stable-diffusion"]),
    prediction_type: prediction,
  };
}

/** `vae_decoder/config.json` and `vae_encoder/config.json`. */
export function vaeFolderConfig(vae: VaeConfig): JsonObject {
  return {
    _class_name: "AutoencoderKL",
    in_channels: vae.channels,
    out_channels: vae.channels,
    latent_channels: vae.latentChannels,
    block_out_channels: [...vae.widths],
    layers_per_block: vae.layers,
    norm_num_groups: vae.groups,
    scaling_factor: vae.scalingFactor,
  };
}

/**
 * `model_index.json`.
 *
 * @param labels names of the classes, from class 0 on
 * @param scheduler the `scheduler_config.json`
 */
export function ditModelIndex(
  name: string,
  labels: readonly string[],
  scheduler: JsonObject,
): JsonObject {
  return {
    _class_name: "DiTPipeline",
    name,
    id2label: Object.fromEntries(labels.map((label, i) => [String(i), label])),
    scheduler: ["diffusers", scheduler._class_name ?? null],
    transformer: ["diffusers", "DiTTransformer2DModel"],
    vae: ["diffusers", "AutoencoderKL"],
  };
}

/**
 * `model_index.json` of Stable Diffusion.
 *
 * @param options.xl the model has a second text encoder
 * @param options.scheduler the `scheduler_config.json`
 * @param options.settings more keys, from the source's `model_index.json`
 */
export function sdModelIndex(
  name: string,
  { xl, scheduler, settings }: { xl: boolean; scheduler: JsonObject; settings: JsonObject },
): JsonObject {
  return {
    _class_name: xl ? "StableDiffusionXLPipeline" : "StableDiffusionPipeline",
    name,
    ...settings,
    scheduler: ["diffusers", scheduler._class_name ?? "DDIMScheduler"],
    text_encoder: ["transformers", "CLIPTextModel"],
    tokenizer: ["transformers", "CLIPTokenizer"],
    ...xl
      ? {
        text_encoder_2: ["transformers", "CLIPTextModelWithProjection"],
        tokenizer_2: ["transformers", "CLIPTokenizer"],
      }
      : {},
    unet: ["diffusers", "UNet2DConditionModel"],
    vae: ["diffusers", "AutoencoderKL"],
  };
}
