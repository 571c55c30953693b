/**
 * Settings of a run in the names of the library. Ranges and defaults are in the flag tables; a
 * manifest records the settings under the names of the flags.
 * @module
 */
import type { Provider } from "../runtime/providers/provider_row.ts";
import type { Preset } from "../sampling/presets.ts";
import type { MethodName } from "./methods.ts";

/** Settings of every run; the defaults are those printed by `--help`. */
export interface SharedSettings {
  /** Number of sampling steps T. */
  numInferenceSteps?: number;
  /** Classifier-free guidance scale w; 1 disables guidance. */
  guidanceScale?: number;
  /** Noise added at every step: 0 is DDIM, 1 is DDPM. */
  eta?: number;
  /**
   * Short name or diffusers' class name of the scheduler: `ddim`, `ddpm`, `euler`,
   * `euler_ancestral`, `dpmpp_2m`, `flow_euler`; that of the model by default.
   */
  scheduler?: string;
  /** Noise levels σ, the highest first; replaces those of the scheduler. */
  sigmas?: readonly number[];
  /** Training levels, the highest first; replaces those of the scheduler. */
  timestepsList?: readonly number[];
  /** Seed of torch's CPU generator; −1 draws a seed. */
  seed?: number;
  /** Seeds, one sample each; replaces `seed` and `numSamples`. */
  seeds?: readonly number[];
  /**
   * `official`: one generator for all images; `per_image`: image i has its own, seeded with seed +
   * i.
   */
  noiseStream?: "official" | "per_image";
  /**
   * `.npy` or `.safetensors` file with noise of shape `[T+1, channels, h, w]` or `[n, T+1,
   * channels, h, w]`; replaces the noise drawn from the seed.
   */
  noisePath?: string;
  /** Method that solves the chain. */
  method?: MethodName;
  /** Module whose default export is a {@link SolverFactory}; implies the method `own`. */
  solver?: string;
  /** Defaults of the solver's settings; `fast` unless given. */
  preset?: Preset;
  /** Steps evaluated per round, at most T; `auto` measures the device and chooses. */
  windowSize?: number | "auto";
  /** Order k of the triangular system. */
  order?: number;
  /** Memory m of Anderson acceleration; 1 disables it. */
  memorySize?: number;
  /** RMS residual at which a step has converged. */
  atol?: number;
  /** Alternative tolerance: residual relative to the step's own noise. */
  rtol?: number;
  /** Maximum number of rounds per sample, >= 0. */
  maxRounds?: number;
  /** `official` reproduces a fault of the official code: steps enter with old differences. */
  compat?: "official";
  /** Folder with a replacement `vae_decoder/` and `vae_encoder/`. */
  vaePath?: string;
  /** Use the folder's `model_fp16.onnx` files. */
  fp16?: boolean;
  /**
   * Execution provider; `auto` uses CUDA if all of its parts are installed, else WebGPU on a real
   * GPU, else the CPU.
   */
  provider?: "auto" | Provider;
  /** Options of a provider other than CUDA by its own names: `preferredLayout=NCHW`. */
  providerOptions?: string;
  /** Plugin library with the provider, if the ONNX Runtime library does not contain it. */
  providerLibrary?: string;
  /** Path of the ONNX Runtime library. */
  libraryPath?: string;
  /** Folder of the NVIDIA libraries. */
  cudaLibraryPath?: string;
  /** Maximum bytes of ONNX Runtime's arena on the device. */
  gpuMemLimit?: number;
  /** How the arena grows. */
  arenaExtendStrategy?: "kNextPowerOfTwo" | "kSameAsRequested";
  /** How cuDNN chooses algorithms. */
  cudnnConvAlgoSearch?: "EXHAUSTIVE" | "HEURISTIC" | "DEFAULT";
  /** Options of the CUDA provider by ONNX Runtime's names: `device_id=1,use_tf32=0`. */
  cudaOptions?: string;
  /** Folder in which the run folder is created. */
  outputPath?: string;
  /** Write `step_N.png`, `step_2N.png`, … right after their round. */
  previewEvery?: number;
  /** Omit the metadata from the PNG files. */
  disableImageMetadata?: boolean;
  /**
   * Devices: `cuda:0,1`, `webgpu:0`, `openvino:CPU`, CUDA's numbers alone, or `cpu:N` for N CPU
   * lanes, and models on servers, `grpc://host:port/model*N` for N connections; `auto` uses one
   * device.
   */
  devices?: string;
  /** PEM file of the certificates that servers of `devices` are trusted by. */
  deviceCa?: string;
  /** File of headers for servers of `devices`, `name: value` in each line. */
  deviceHeaders?: string;
  /** Device to continue on when every GPU is lost. */
  fallback?: "none" | "cpu";
  /** Seconds after which a network call counts as hung. */
  deadline?: number;
  /** Row counts that calls are padded to, as in `50,25,13`; `auto` or `none`. */
  buckets?: string;
  /** Maximum rows per network call of a device; guidance uses two rows a step. */
  batchSize?: number;
  /** Threads per network call. */
  threads?: number;
  /** Keep no log of the rounds; a resumed run then restarts its unfinished sample. */
  noCheckpoint?: boolean;
  /** Print ONNX Runtime's warnings to standard error. */
  verbose?: boolean;
}

/** Settings of class-conditional sampling with a DiT. */
export interface DitSettings extends SharedSettings {
  /** Class-conditional sampling. */
  task: "dit";
  /** Number of images. */
  numSamples?: number;
  /**
   * Class numbers or names, one for all images or one per image; drawn from the seed by default.
   */
  classLabels?: readonly (string | number)[];
  /** Number of images solved at once. */
  concurrentSamples?: number;
}

/**
 * Settings of sampling with a rectified flow, of classes or of prompts: a warm start and
 * `classLabels` are for classes, {@link PromptSettings} for prompts.
 */
export interface FlowSettings extends Omit<DitSettings, "task">, WarmStartSettings, PromptSettings {
  /** Sampling with a flow. */
  task: "flow";
  /** Last steps of the chain that are solved again from a file's start; by default all. */
  variationSteps?: number;
}

/** Files that a warm start begins with; at most one may be given. */
export interface WarmStartSettings {
  /** `trajectory.safetensors` of an earlier run to start from, with the noise of that run. */
  initialTrajectory?: string;
  /**
   * Latent to start from, `[channels, h, w]` or `[1, channels, h, w]` in `.npy` or `.safetensors`.
   */
  initialLatents?: string;
  /** PNG or JPEG image to start from, encoded by the VAE's encoder. */
  initialImage?: string;
  /** Accept a trajectory of another model or eta. */
  forceWarm?: boolean;
}

/** Settings of text-to-image sampling with Stable Diffusion. */
export interface SdSettings extends SharedSettings, PromptSettings {
  /** Text to image. */
  task: "sd";
  /** Number of images per prompt. */
  numSamples?: number;
  /** Number of images solved at once. */
  concurrentSamples?: number;
}

/** Settings of sampling a prompt from the trajectory of an earlier sample (warm start). */
export interface SdWinitSettings extends SharedSettings, TextSettings, WarmStartSettings {
  /** Text to image with a warm start. */
  task: "sd-winit";
  /** Prompt that is sampled from scratch. */
  prompt1?: string;
  /** Prompt that is sampled from the trajectory of `prompt1`. */
  prompt2?: string;
  /** Number of initial noises, each used for both prompts; 1 by default. */
  numSamples?: number;
  /** Last steps of the chain that are solved again for `prompt2`, at most T. */
  variationSteps?: number;
  /** Also solve `prompt2` from scratch and sequentially, and record what the warm start saved. */
  compareScratch?: boolean;
}

/** Settings of images of prompts. */
export interface PromptSettings extends TextSettings {
  /** Text prompt. */
  prompt?: string;
  /** UTF-8 file with one prompt per line. */
  promptsFile?: string;
}

/** Settings of the text-to-image tasks. */
export interface TextSettings {
  /** Negative prompt. */
  negativePrompt?: string;
  /** Image height in pixels; the model's own by default. */
  height?: number;
  /** Image width in pixels; the model's own by default. */
  width?: number;
}

/** Settings of a run; `task` selects the kind. */
export type RunSettings = DitSettings | FlowSettings | SdSettings | SdWinitSettings;

/** Settings that override recorded ones; those that would change the result may be refused. */
export type Overrides = Partial<RunSettings> & {
  /** Model folder; the recorded one by default. */
  modelPath?: string;
};

/** Kind of a run. */
export type Task = RunSettings["task"];

type Filled<S, K extends keyof S> = S & Required<Pick<S, K>>;

/** Validated settings of every run, with defaults filled in. */
export type ResolvedShared =
  & Filled<
    SharedSettings,
    | ("numInferenceSteps" | "guidanceScale" | "eta" | "seed" | "noiseStream" | "method")
    | ("windowSize" | "order" | "memorySize" | "fp16" | "provider" | "outputPath")
    | ("disableImageMetadata" | "devices" | "fallback" | "buckets" | "noCheckpoint" | "verbose")
  >
  & { modelPath: string };

type ResolvedText<S extends TextSettings> = ResolvedShared & Filled<S, "negativePrompt">;

/** Validated settings of class-conditional sampling. */
type ResolvedDit = ResolvedShared & Filled<DitSettings, "concurrentSamples">;

/** Validated settings of sampling with a flow. */
export type ResolvedFlow = ResolvedShared & Filled<FlowSettings, "concurrentSamples" | "forceWarm">;

/** Validated settings of text to image. */
export type ResolvedSd =
  & ResolvedText<SdSettings>
  & Filled<SdSettings, "prompt" | "concurrentSamples">;

/** Validated settings of a warm start. */
export type ResolvedSdWinit =
  & ResolvedText<SdWinitSettings>
  & Filled<
    SdWinitSettings,
    "prompt1" | "prompt2" | "variationSteps" | "forceWarm" | "compareScratch"
  >;

/** Validated settings of a run, with defaults filled in. */
export type ResolvedSettings = ResolvedDit | ResolvedFlow | ResolvedSd | ResolvedSdWinit;
