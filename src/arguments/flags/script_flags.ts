/**
 * Flag tables of the sampling scripts. Names, defaults and ranges are those of the official ParaTAA
 * scripts; the differences between those are parameters.
 * @module
 */
import { PROVIDER_FLAGS } from "./cuda_flags.ts";
import { type Flag, NO_LIMIT } from "../flag.ts";
import { SCHEDULE_FLAGS } from "./schedule_flags.ts";
import { SESSION_FLAGS } from "./session_flags.ts";
import { solverFlags } from "./solver_flags.ts";

/** Differences between the official scripts. */
export interface ScriptDefaults {
  timesteps: number;
  maxTimesteps: number;
  order: number;
  modelPath: string;
}

// deno-lint-ignore explicit-module-boundary-types -- literal types give the types of parsed values
export function samplingFlags(defaults: ScriptDefaults) {
  return {
    timesteps: {
      type: "integer",
      min: 1,
      max: defaults.maxTimesteps,
      default: defaults.timesteps,
      group: "Sampling",
      aliases: ["steps", "num_inference_steps"],
      help: "number of sampling steps",
    },
    cfg_scale: {
      type: "number",
      min: 0,
      max: Number.MAX_VALUE,
      default: 4,
      group: "Sampling",
      aliases: ["guidance_scale"],
      help: "classifier-free guidance scale; 1 disables guidance",
    },
    eta: {
      type: "number",
      min: 0,
      max: 1,
      default: 0,
      group: "Sampling",
      help: "noise added at every step: 0 is DDIM, 1 is DDPM",
    },
    ...SCHEDULE_FLAGS,
    seed: {
      type: "integer",
      min: 0,
      max: NO_LIMIT,
      also: -1,
      default: 0,
      short: "s",
      group: "Sampling",
      help: "seed of torch's CPU generator; -1 draws a seed and prints it",
    },
    seeds: {
      type: "string",
      value: "A,B,…",
      sparse: true,
      group: "Sampling",
      help: "one sample per seed, as in 0,3,7; replaces --seed and --num_samples",
    },
    noise_stream: {
      type: "choice",
      choices: ["official", "per_image"],
      default: "official",
      group: "Sampling",
      help:
        "official: one generator for all images; per_image: image i has its own, seeded with seed " +
        "+ i",
    },
    noise_path: {
      type: "string",
      value: "FILE",
      group: "Sampling",
      help: "read the noise from .npy or .safetensors, [T+1,4,h,w] or [n,T+1,4,h,w], instead of " +
        "drawing it",
    },
    ...solverFlags(defaults.order),
    model_path: {
      type: "string",
      value: "DIR",
      default: defaults.modelPath,
      short: "m",
      group: "Model",
      scope: "place",
      help: "model folder",
    },
    vae_path: {
      type: "string",
      value: "DIR",
      group: "Model",
      scope: "place",
      help: "folder with a replacement vae_decoder/ (and vae_encoder/)",
    },
    fp16: { type: "boolean", group: "Model", help: "use the folder's model_fp16.onnx files" },
    ...PROVIDER_FLAGS,
    output_path: {
      type: "string",
      value: "DIR",
      default: "output",
      short: "o",
      group: "Output",
      scope: "execution",
      help: "folder in which the run folder is created",
    },
    preview_every: {
      type: "integer",
      min: 1,
      max: NO_LIMIT,
      group: "Output",
      scope: "execution",
      help:
        "write step_N.png, step_2N.png, … right after their round, not at the end of the sample",
    },
    disable_image_metadata: {
      type: "boolean",
      group: "Output",
      help: "omit the metadata from the PNG files",
    },
    devices: {
      type: "string",
      value: "LIST",
      default: "auto",
      group: "Run",
      scope: "execution",
      help:
        "cuda:0,1 (or 0,1), webgpu:0, openvino:CPU, or cpu:N for N CPU lanes, and servers, as in " +
        "grpc://host:8001/model*2 for 2 connections; they share the rows of a round",
    },
    device_ca: {
      type: "string",
      value: "FILE",
      sparse: true,
      group: "Run",
      scope: "execution",
      help: "certificates (PEM) by which grpcs:// devices are trusted, in place of the system's",
    },
    device_headers: {
      type: "string",
      value: "FILE",
      sparse: true,
      group: "Run",
      scope: "execution",
      help: "headers for grpc:// devices, one name: value a line; only the file's path is recorded",
    },
    fallback: {
      type: "choice",
      choices: ["none", "cpu"],
      default: "none",
      group: "Run",
      scope: "execution",
      help:
        "device to continue on when every GPU is lost; if some are left, they take the rows of a " +
        "lost one",
    },
    deadline: {
      type: "number",
      min: 0.1,
      max: 86_400,
      group: "Run",
      scope: "execution",
      help:
        "seconds after which a network call counts as hung (default: 10 times the usual, at least " +
        "30)",
    },
    buckets: {
      type: "string",
      value: "LIST",
      default: "auto",
      group: "Run",
      scope: "execution",
      help:
        "row counts that calls are padded to, as in 50,25,13; auto: halves of a GPU's share, none " +
        "on the CPU",
    },
    batch_size: {
      type: "integer",
      min: 1,
      max: NO_LIMIT,
      group: "Run",
      scope: "execution",
      help: "maximum rows per network call of a device; guidance uses 2 rows a step (default: all)",
    },
    plan: {
      type: "boolean",
      group: "Run",
      scope: "session",
      help:
        "measure the device, print the cost of every window size and the choice of auto, and exit",
    },
    threads: {
      type: "integer",
      min: 1,
      max: 1024,
      group: "Run",
      scope: "execution",
      help: "threads per network call (default: all cores)",
    },
    list_devices: {
      type: "boolean",
      group: "Run",
      scope: "session",
      help: "print the devices and which providers are available, and exit",
    },
    args_from: {
      type: "string",
      value: "FILE",
      group: "Run",
      scope: "session",
      help:
        "read the arguments from a manifest.json or a PNG of parataa; flags on the command line " +
        "override them",
    },
    resume: {
      type: "string",
      value: "DIR",
      writes: true,
      group: "Run",
      scope: "session",
      help: "folder of a stopped, killed or failed run to resume",
    },
    no_checkpoint: {
      type: "boolean",
      group: "Run",
      scope: "session",
      help: "keep no log of the rounds; --resume then restarts the unfinished sample",
    },
    quiet: { type: "boolean", group: "Run", scope: "session", help: "print only the run folder" },
    json: {
      type: "boolean",
      group: "Run",
      scope: "session",
      help: "print one JSON object per line: rounds, samples, the run",
    },
    verbose: VERBOSE,
    debug: SESSION_FLAGS.debug,
    help: SESSION_FLAGS.help,
    version: SESSION_FLAGS.version,
  } as const satisfies Record<string, Flag>;
}

/** `--verbose`, of every script that runs a network. */
export const VERBOSE = {
  type: "boolean",
  short: "v",
  group: "Run",
  scope: "session",
  help: "print every round, ONNX Runtime's warnings and the NVIDIA libraries in use",
} as const satisfies Flag;

/** `--concurrent_samples`, of scripts whose images are independent. */
export const CONCURRENT_SAMPLES = {
  type: "integer",
  min: 1,
  max: 64,
  default: 1,
  group: "Run",
  scope: "execution",
  help: "images solved at once, if one window is too small for all devices",
} as const satisfies Flag;

/** `--num_samples`, of scripts that make several images. */
export const NUM_SAMPLES = {
  type: "integer",
  min: 1,
  max: 100_000,
  default: 10,
  soft: true,
  short: "b",
  group: "Sampling",
  help: "number of images",
} as const satisfies Flag;
