/**
 * Flags of other programs that sample diffusion models, and the equivalent flags of parataa:
 * diffusers scripts, stable-diffusion.cpp, stable-diffusion-webui, the official scripts of Stable
 * Diffusion (CompVis) and DiT. Names that are the same in parataa are not listed.
 * @module
 */

/** Equivalent of a flag of another program. */
interface PeerFlag {
  /** Names without dashes, `_` for `-`. */
  theirs: readonly string[];
  /** Flags of parataa with the same meaning; the hint names those that the command has. */
  ours: readonly string[];
  /** How the meaning differs from the other program's. */
  how?: string;
  /** Hint for commands that have none of `ours`. */
  elsewhere?: string;
}

/** One row per meaning. Names in `ours` are searched too, for commands without that flag. */
const PEER_FLAGS: readonly PeerFlag[] = [
  {
    theirs: ["output", "out", "outdir", "out_dir", "output_dir", "outpath", "sample_dir"],
    ours: ["output_path"],
  },
  {
    theirs: [
      ...["num_images", "n_samples", "num_images_per_prompt", "n_iter", "batch_count"],
      ...["n_images", "num_outputs", "images"],
    ],
    ours: ["num_samples"],
  },
  {
    theirs: [
      ...["ddim_steps", "sample_steps", "sampling_steps", "num_sampling_steps", "num_steps"],
      ...["n_steps", "inference_steps"],
    ],
    ours: ["timesteps"],
  },
  { theirs: ["cfg", "scale", "guidance", "unconditional_guidance_scale"], ours: ["cfg_scale"] },
  { theirs: ["ddim_eta"], ours: ["eta"] },
  { theirs: ["manual_seed", "random_seed", "global_seed"], ours: ["seed"] },
  { theirs: ["negative", "neg_prompt", "uncond_prompt"], ours: ["negative_prompt"] },
  {
    theirs: ["text", "prompts", "caption"],
    ours: ["prompt", "prompt2"],
    elsewhere: "dit takes --class_labels, sd takes --prompt",
  },
  {
    theirs: ["from_file", "prompt_file"],
    ours: ["prompts_file"],
    elsewhere: "sd has --prompts_file",
  },
  {
    theirs: ["class", "classes", "class_label", "class_id", "class_ids", "label", "labels"],
    ours: ["class_labels"],
    elsewhere: "dit takes --class_labels, sd takes --prompt",
  },
  {
    theirs: [
      ...["model", "ckpt", "checkpoint", "diffusion_model", "model_id", "model_dir"],
      ...["ckpt_dir", "pretrained_model_name_or_path", "model_name_or_path"],
    ],
    ours: ["model_path"],
    how: "a folder of ONNX networks",
  },
  { theirs: ["vae", "vae_dir", "pretrained_vae_model_name_or_path"], ours: ["vae_path"] },
  {
    theirs: ["image_size", "img_size", "resolution", "size"],
    ours: ["height", "width"],
    elsewhere: "the model decides the size of its images",
  },
  {
    theirs: ["init_img", "image", "input_image", "i"],
    ours: ["init_image"],
    elsewhere: "sd-winit starts from an image, with --init_image",
  },
  {
    theirs: ["strength", "denoising_strength"],
    ours: ["variation_steps"],
    how: "strength 0.6 of 50 steps is 30",
    elsewhere: "sd-winit has --variation_steps: strength 0.6 of 50 steps is 30",
  },
  {
    theirs: [
      ...["sampler_name", "sampling_method", "schedule", "plms", "ddim", "dpm", "dpm_solver"],
      ...["klms"],
    ],
    ours: ["scheduler"],
  },
  {
    theirs: ["beta_schedule"],
    ours: [],
    elsewhere: "the model's scheduler_config.json says the noise levels",
  },
  { theirs: ["t", "num_threads", "n_threads"], ours: ["threads"] },
  { theirs: ["gpu", "gpus", "gpu_id", "num_gpus"], ours: ["devices", "device"] },
  { theirs: ["ep", "execution_provider", "backend", "use_cuda"], ours: ["provider"] },
  { theirs: ["half", "dtype", "precision", "torch_dtype", "type"], ours: ["fp16"] },
  {
    theirs: [
      ...["lora", "lora_model_dir", "textual_inversion", "embd_dir", "control_net"],
      ...["control_image", "clip_skip", "hires_fix", "tiling", "mask"],
    ],
    ours: [],
    elsewhere: "parataa has nothing of the kind",
  },
];

/**
 * Hint for an unknown flag that another program has.
 *
 * @param name the flag without dashes, `_` for `-`
 * @param known flags of the command
 */
export function peerHint(name: string, known: ReadonlySet<string>): string | undefined {
  const row = PEER_FLAGS.find(({ theirs, ours }) => [...theirs, ...ours].includes(name));
  if (row === undefined) return undefined;
  const { ours, how, elsewhere } = row;
  const here = ours.filter((flag) => known.has(flag)).map((flag) => `--${flag}`);
  if (here.length > 0) return `here that is ${here.join(" or ")}${how ? `, ${how}` : ""}`;
  return known.has("timesteps") ? elsewhere : undefined;
}
