/**
 * What a run is asked for, in the library's words. The flag tables hold the ranges and defaults of all of them; a manifest records them
 * under the flags' names.
 * @module
 */
import type { MethodName } from "./methods.ts";

/** Settings of every run; what is left out has the default that `--help` prints. */
export interface SharedSettings {
  /** T, steps of the chain. */
  numInferenceSteps?: number;
  /** Classifier-free guidance w; 1 turns it off. */
  guidanceScale?: number;
  /** Noise of every step: 0 is DDIM, 1 is DDPM. */
  eta?: number;
  /** Seed of torch's CPU generator; −1 draws one. */
  seed?: number;
  /** Seeds of one sample each, in the place of `seed` and `numSamples`. */
  seeds?: readonly number[];
  /** `official`: one generator for all images; `per_image`: image i has its own, seeded seed + i. */
  noiseStream?: "official" | "per_image";
  /** `.npy` or `.safetensors` with noise of shape `[T+1, channels, h, w]` or `[n, T+1, channels, h, w]`, in the place of the seed's. */
  noisePath?: string;
  /** How the chain is solved. */
  method?: MethodName;
  /** Module whose default export is a {@link SolverFactory}; the method is then `own`. */
  solver?: string;
  /** Steps evaluated in one round, at most T; `auto` measures the device and chooses. */
  windowSize?: number | "auto";
  /** Order k of the triangular system. */
  order?: number;
  /** Memory m of the Anderson acceleration; 1 is none. */
  memorySize?: number;
  /** A step is finished at this RMS residual. */
  atol?: number;
  /** … or at this residual relative to the step's own noise. */
  rtol?: number;
  /** Most rounds of a sample, from 0. */
  maxRounds?: number;
  /** `official` keeps the official code's memory defect. */
  compat?: "official";
  /** Folder that holds another `vae_decoder/` and `vae_encoder/`. */
  vaePath?: string;
  /** Take the folder's `model_fp16.onnx` files. */
  fp16?: boolean;
  /** Execution provider; `auto` takes CUDA where it is complete. */
  provider?: "auto" | "cpu" | "cuda";
  /** ONNX Runtime's library. */
  libraryPath?: string;
  /** Folder of NVIDIA's libraries. */
  cudaLibraryPath?: string;
  /** Most bytes of ONNX Runtime's arena on the device. */
  gpuMemLimit?: number;
  /** How the arena grows. */
  arenaExtendStrategy?: "kNextPowerOfTwo" | "kSameAsRequested";
  /** How cuDNN chooses algorithms. */
  cudnnConvAlgoSearch?: "EXHAUSTIVE" | "HEURISTIC" | "DEFAULT";
  /** Options of the CUDA provider by ONNX Runtime's names: `device_id=1,use_tf32=0`. */
  cudaOptions?: string;
  /** Folder in which the run's folder is made. */
  outputPath?: string;
  /** Write `step_N.png`, `step_2N.png`, … as soon as their round is over. */
  previewEvery?: number;
  /** Write no text into the PNG files. */
  disableImageMetadata?: boolean;
  /** GPUs by CUDA's numbers, `0,1,2`, or `cpu:N` for N lanes of the CPU; `auto` for one device. */
  devices?: string;
  /** What goes on when every GPU is lost. */
  fallback?: "none" | "cpu";
  /** Seconds until a call of the network counts as hung. */
  deadline?: number;
  /** Rows that calls are padded to, as in `50,25,13`; `auto` or `none`. */
  buckets?: string;
  /** Most network rows in one call of a device; guidance takes two a step. */
  batchSize?: number;
  /** Threads inside one call. */
  threads?: number;
  /** Keep no log of the rounds: a resumed run then starts its sample anew. */
  noCheckpoint?: boolean;
  /** Print ONNX Runtime's own warnings to standard error. */
  verbose?: boolean;
}

/** Class-conditional sampling with a DiT. */
export interface DitSettings extends SharedSettings {
  /** Classes to images. */
  task: "dit";
  /** Images to make. */
  numSamples?: number;
  /** Classes by number or name, one for all images or one an image; drawn from the seed by default. */
  classLabels?: readonly (string | number)[];
  /** Images that are solved at once. */
  concurrentSamples?: number;
}

/** Text to image with Stable Diffusion. */
export interface SdSettings extends SharedSettings, TextSettings {
  /** Prompts to images. */
  task: "sd";
  /** What the images show. */
  prompt?: string;
  /** File of prompts, one a line, UTF-8. */
  promptsFile?: string;
  /** Images to make, of each prompt. */
  numSamples?: number;
  /** Images that are solved at once. */
  concurrentSamples?: number;
}

/** Text to image from the trajectory of an earlier sample. */
export interface SdWinitSettings extends SharedSettings, TextSettings {
  /** Prompts to images, from trajectories. */
  task: "sd-winit";
  /** Prompt sampled from scratch, whose trajectory starts the second. */
  prompt1?: string;
  /** Prompt sampled from that trajectory. */
  prompt2?: string;
  /** Noises to start from, a sample of each prompt for each; 1 by default. */
  numSamples?: number;
  /** Last steps of the chain that `prompt2` solves anew, at most T. */
  variationSteps?: number;
  /** `trajectory.safetensors` of an earlier run to start from, with that run's noise. */
  initialTrajectory?: string;
  /** Latent to start from, `[channels, h, w]` or `[1, channels, h, w]` in `.npy` or `.safetensors`. */
  initialLatents?: string;
  /** PNG or JPEG to start from, through the VAE's encoder. */
  initialImage?: string;
  /** Take the trajectory of another model or eta. */
  forceWarm?: boolean;
  /** Solve `prompt2` from scratch and sequentially too, and record what the warm start saved. */
  compareScratch?: boolean;
}

/** Settings of the text tasks. */
export interface TextSettings {
  /** What the images shall not show. */
  negativePrompt?: string;
  /** Height of the images in pixels; the model's own by default. */
  height?: number;
  /** Width of the images in pixels; the model's own by default. */
  width?: number;
}

/** What a run is asked for; `task` says what it makes. */
export type RunSettings = DitSettings | SdSettings | SdWinitSettings;

/** Settings given beside a recorded run: what it was not made with may be refused. */
export type Overrides = Partial<RunSettings> & {
  /** Folder of the run's model; as recorded by default. */
  modelPath?: string;
};

/** What a run makes. */
export type Task = RunSettings["task"];

type Filled<S, K extends keyof S> = S & Required<Pick<S, K>>;

/** Settings of every run once they are checked and have their defaults. */
export type SettledShared =
  & Filled<
    SharedSettings,
    | ("numInferenceSteps" | "guidanceScale" | "eta" | "seed" | "noiseStream" | "method")
    | ("windowSize" | "order" | "memorySize" | "fp16" | "provider" | "outputPath")
    | ("disableImageMetadata" | "devices" | "fallback" | "buckets" | "noCheckpoint" | "verbose")
  >
  & { modelPath: string };

type SettledText<S extends TextSettings> = SettledShared & Filled<S, "negativePrompt">;

/** Settled settings of class-conditional sampling. */
export type SettledDit = SettledShared & Filled<DitSettings, "concurrentSamples">;

/** Settled settings of text to image. */
export type SettledSd =
  & SettledText<SdSettings>
  & Filled<SdSettings, "prompt" | "concurrentSamples">;

/** Settled settings of a warm start. */
export type SettledSdWinit =
  & SettledText<SdWinitSettings>
  & Filled<
    SdWinitSettings,
    "prompt1" | "prompt2" | "variationSteps" | "forceWarm" | "compareScratch"
  >;

/** What a run is asked for, checked and with every default. */
export type Settled = SettledDit | SettledSd | SettledSdWinit;
