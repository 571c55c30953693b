/**
 * The flag tables of the sampling scripts. Names, defaults and ranges are those of the official ParaTAA scripts; what
 * differs between the scripts is data.
 * @module
 */
import { PROVIDER_FLAGS } from "./cuda_flags.ts";
import type { Flag } from "../flag.ts";
import { METHODS } from "../methods.ts";
import { SESSION_FLAGS } from "./session_flags.ts";

/** What differs between the official scripts. */
export interface ScriptDefaults {
  timesteps: number;
  maxTimesteps: number;
  order: number;
  modelPath: string;
}

const NO_LIMIT = Number.MAX_SAFE_INTEGER;

// deno-lint-ignore explicit-module-boundary-types -- the table's literal types carry the types of the parsed values
export function samplingFlags(defaults: ScriptDefaults) {
  return {
    timesteps: {
      type: "integer",
      min: 1,
      max: defaults.maxTimesteps,
      default: defaults.timesteps,
      group: "Sampling",
      aliases: ["steps", "num_inference_steps"],
      help: "steps of the chain",
    },
    cfg_scale: {
      type: "number",
      min: 0,
      max: Number.MAX_VALUE,
      default: 4,
      group: "Sampling",
      aliases: ["guidance_scale"],
      help: "classifier-free guidance, 1 turns it off",
    },
    eta: {
      type: "number",
      min: 0,
      max: 1,
      default: 0,
      group: "Sampling",
      help: "noise of every step: 0 DDIM, 1 DDPM",
    },
    seed: {
      type: "integer",
      min: 0,
      max: NO_LIMIT,
      also: -1,
      default: 0,
      short: "s",
      group: "Sampling",
      help: "seed of torch's CPU generator; -1 draws one and prints it",
    },
    seeds: {
      type: "string",
      value: "A,B,…",
      sparse: true,
      group: "Sampling",
      help: "seeds of one sample each, as 0,3,7, in place of --seed and --num_samples",
    },
    noise_stream: {
      type: "choice",
      choices: ["official", "per_image"],
      default: "official",
      group: "Sampling",
      help:
        "official: one generator for all images; per_image: image i has its own, seeded seed + i",
    },
    noise_path: {
      type: "string",
      value: "FILE",
      group: "Sampling",
      help: "noise from .npy or .safetensors, [T+1,4,h,w] or [n,T+1,4,h,w], in place of the seed's",
    },
    method: {
      type: "choice",
      choices: METHODS,
      default: "tqn",
      group: "Solver",
      help:
        "how the chain is solved: our own TQN, the paper's ParaTAA, fixed point, one step at a time, or as --solver says",
    },
    solver: {
      type: "string",
      value: "FILE",
      sparse: true,
      group: "Solver",
      help: "a module whose default export makes a solver, see examples/own_solver.ts",
    },
    window_size: {
      type: "integer",
      min: 1,
      max: NO_LIMIT,
      word: "auto",
      default: 100,
      group: "Solver",
      help:
        "steps evaluated in one round, at most the timesteps; auto measures the device and chooses",
    },
    order: {
      type: "integer",
      min: 1,
      max: NO_LIMIT,
      default: defaults.order,
      group: "Solver",
      help: "order k of the triangular system, at most the window",
    },
    memory_size: {
      type: "integer",
      min: 1,
      max: 16,
      default: 2,
      group: "Solver",
      help: "memory m of the Anderson acceleration, 1 is none",
    },
    tol1: {
      type: "number",
      min: 0,
      max: Number.MAX_VALUE,
      group: "Solver",
      help: "a step is finished at this RMS residual; 0.001 by default, 0.0003 for tqn",
    },
    tol2: {
      type: "number",
      min: 0,
      max: Number.MAX_VALUE,
      group: "Solver",
      help:
        "... or at this residual relative to the step's own noise; 0.001 by default, 10 times tol1 for tqn",
    },
    max_steps: {
      type: "integer",
      min: 1,
      max: NO_LIMIT,
      group: "Solver",
      help: "stop after step_(N-1), that is N - 1 rounds, as the official scripts do",
    },
    compat: {
      type: "choice",
      choices: ["official"],
      group: "Solver",
      help: "keep the official code's memory defect (see docs/faq.md)",
    },
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
      help: "folder that holds another vae_decoder/ (and vae_encoder/)",
    },
    fp16: { type: "boolean", group: "Model", help: "take the folder's model_fp16.onnx files" },
    ...PROVIDER_FLAGS,
    output_path: {
      type: "string",
      value: "DIR",
      default: "output",
      short: "o",
      group: "Output",
      scope: "execution",
      help: "where the run's folder is made",
    },
    preview_every: {
      type: "integer",
      min: 1,
      max: NO_LIMIT,
      group: "Output",
      scope: "execution",
      help:
        "write step_N.png, step_2N.png, … as soon as their round is over, not when all are solved",
    },
    disable_image_metadata: {
      type: "boolean",
      group: "Output",
      help: "write no text into the PNG files",
    },
    devices: {
      type: "string",
      value: "LIST",
      default: "auto",
      group: "Run",
      scope: "execution",
      help:
        "GPUs by CUDA's numbers, 0,1,2, or cpu:N for N lanes of the CPU; a Worker each shares the rows of a round",
    },
    fallback: {
      type: "choice",
      choices: ["none", "cpu"],
      default: "none",
      group: "Run",
      scope: "execution",
      help: "what goes on when every GPU is lost; a lost GPU alone hands its rows to the others",
    },
    deadline: {
      type: "number",
      min: 0.1,
      max: 86_400,
      group: "Run",
      scope: "execution",
      help:
        "seconds until a call of the network counts as hung; ten times the usual by default, 30 at least",
    },
    buckets: {
      type: "string",
      value: "LIST",
      default: "auto",
      group: "Run",
      scope: "execution",
      help:
        "rows that calls are padded to, as in 50,25,13; auto: halves of a GPU's share, none on the CPU",
    },
    batch_size: {
      type: "integer",
      min: 1,
      max: NO_LIMIT,
      group: "Run",
      scope: "execution",
      help: "most network rows in one call of a device, guidance takes two a step; all by default",
    },
    plan: {
      type: "boolean",
      group: "Run",
      scope: "session",
      help:
        "measure the device, print what every window would take and which auto takes, and leave",
    },
    threads: {
      type: "integer",
      min: 1,
      max: 1024,
      group: "Run",
      scope: "execution",
      help: "threads inside one call; all cores by default",
    },
    list_devices: {
      type: "boolean",
      group: "Run",
      scope: "session",
      help: "print the devices and whether CUDA can be had, and leave",
    },
    args_from: {
      type: "string",
      value: "FILE",
      group: "Run",
      scope: "session",
      help: "take the arguments of a manifest.json or a PNG of ours; flags beside it win",
    },
    resume: {
      type: "string",
      value: "DIR",
      writes: true,
      group: "Run",
      scope: "session",
      help: "go on with a run that was stopped, killed or failed, where it was; its folder",
    },
    no_checkpoint: {
      type: "boolean",
      group: "Run",
      scope: "session",
      help: "keep no log of the rounds: --resume then starts its sample anew",
    },
    quiet: { type: "boolean", group: "Run", scope: "session", help: "print only the run's folder" },
    json: {
      type: "boolean",
      group: "Run",
      scope: "session",
      help: "print one JSON object a line: rounds, samples, the run",
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
  help: "print every round, ONNX Runtime's own warnings, and NVIDIA's libraries in use",
} as const satisfies Flag;

/** `--concurrent_samples`, of the scripts whose images do not depend on each other. */
export const CONCURRENT_SAMPLES = {
  type: "integer",
  min: 1,
  max: 64,
  default: 1,
  group: "Run",
  scope: "execution",
  help: "images that are solved at once, for more devices than one window can feed",
} as const satisfies Flag;

/** `--num_samples`, of the scripts that make several images. */
export const NUM_SAMPLES = {
  type: "integer",
  min: 1,
  max: 100_000,
  default: 10,
  soft: true,
  short: "b",
  group: "Sampling",
  help: "images to make",
} as const satisfies Flag;
