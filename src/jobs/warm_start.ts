/** Where the trajectory comes from that a Stable Diffusion sample starts from. @module */
import { MismatchError, UsageError } from "../errors.ts";
import { readFloatArray } from "../formats/float_array.ts";
import type { StableDiffusionPipeline } from "../pipelines/stable_diffusion_pipeline.ts";
import { readImage } from "../images/read_image.ts";
import { readTrajectory } from "../runs/trajectory_file.ts";
import { renoise } from "../sampling/renoise.ts";
import { expectKind } from "./init_file_kind.ts";
import type { Schedule } from "../sampling/schedule.ts";
import { readUserFile } from "../arguments/user_file.ts";

/** Flags that name a source; at most one may be given. */
export const SOURCES = ["init_trajectory", "init_latents", "init_image"] as const;

/** What a source is read with. */
export interface WarmStartOptions {
  pipeline: StableDiffusionPipeline;
  schedule: Schedule;
  /** What a trajectory file must say of itself. */
  identity: Readonly<Record<string, string>>;
  /** Take a trajectory of another model or eta. */
  force: boolean;
  signal: AbortSignal;
}

/** A trajectory, and the noise that belongs to it where it brings its own. */
export interface InitialTrajectory {
  trajectory: Float64Array;
  noise?: Float64Array;
}

/** A source that was given. */
export interface Source {
  flag: typeof SOURCES[number];
  file: string;
}

/** The source that was given, if any. */
export function findSource(
  values: Readonly<Record<typeof SOURCES[number], string | undefined>>,
): Source | undefined {
  const flag = SOURCES.find((flag) => values[flag] !== undefined);
  return flag && { flag, file: values[flag]! };
}

/** Flags that a source leaves without a meaning: a trajectory file brings the noise that it was solved with. */
export function uselessFlags(source: Source | undefined): string[] {
  if (!source) return [];
  return source.flag === "init_trajectory"
    ? ["prompt1", "seed", "seeds", "num_samples", "noise_path", "noise_stream"]
    : ["prompt1"];
}

/** @throws {UsageError} when a flag was given that the source leaves without a meaning */
export function refuseUseless(source: Source | undefined, given: ReadonlySet<string>): void {
  const wrong = uselessFlags(source).find((name) => given.has(name));
  if (!wrong) return;
  throw new UsageError(`--${wrong} is not used with --${source!.flag}`, { hint: "leave it out" });
}

/** Reads a trajectory file. @throws {MismatchError} naming what differs from this run */
export async function trajectoryFromFile(
  file: string,
  { pipeline, schedule, identity, force }: WarmStartOptions,
): Promise<Required<InitialTrajectory>> {
  const bytes = await readUserFile("init_trajectory", file);
  expectKind(bytes, { flag: "init_trajectory", file });
  return readTrajectory(bytes, {
    file,
    shape: [schedule.numSteps + 1, ...pipeline.latentShape],
    metadata: identity,
    lenient: force ? ["model_sha256", "eta"] : [],
  });
}

/**
 * Reads a latent, or an image through the VAE's encoder; the result noises it with a run's own noise.
 *
 * @throws {MismatchError} when the latent has another shape
 * @throws {FormatError} when the file is damaged or not finite
 */
export async function trajectoryMaker(
  flag: "init_latents" | "init_image",
  file: string,
  { pipeline, schedule, signal }: WarmStartOptions,
): Promise<(noise: Float64Array) => InitialTrajectory> {
  const bytes = await readUserFile(flag, file);
  expectKind(bytes, { flag, file });
  const latent = flag === "init_latents"
    ? readLatent(bytes, pipeline.latentShape, file)
    : await pipeline.encodeImage(
      await readImage(bytes, { file, ...pipeline.imageSize }),
      signal,
    );
  return (noise) => ({ trajectory: renoise(latent, { schedule, noise }) });
}

/** A batch of one is taken for its only latent. */
function readLatent(bytes: Uint8Array, wanted: readonly number[], file: string): Float64Array {
  const { data, shape } = readFloatArray(bytes, { file, tensor: "latents" });
  const [batch, ...row] = shape;
  const sizes = shape.length === wanted.length + 1 && batch === 1 ? row : shape;
  if (sizes.join() === wanted.join()) return data;
  throw new MismatchError(`${file}: shape is [${shape}], this run has [${wanted}]`);
}
