/** Reads the trajectory that a warm start begins with. @module */
import { MismatchError } from "../../errors.ts";
import { readFloatArray } from "../../formats/float_array.ts";
import type { StableDiffusionPipeline } from "../../pipelines/stable_diffusion_pipeline.ts";
import { readImage } from "../../images/read_image.ts";
import { readTrajectory } from "../../runs/trajectory_file.ts";
import { renoise } from "../../sampling/renoise.ts";
import type { ScaledSchedule } from "../../sampling/schedules/schedule.ts";
import { expectKind } from "./init_file_kind.ts";
import { readUserFile } from "../../storage/user_file.ts";

/** Options of reading a warm-start source. */
export interface WarmStartOptions {
  pipeline: Pick<StableDiffusionPipeline, "latentShape" | "imageSize" | "encodeImage">;
  schedule: ScaledSchedule;
  /** Metadata that a trajectory file must have. */
  identity: Readonly<Record<string, string>>;
  /** Accept a trajectory of another model or eta. */
  force: boolean;
  signal: AbortSignal;
}

/** A trajectory, and its noise if the file contains it. */
export interface InitialTrajectory {
  trajectory: Float64Array;
  noise?: Float64Array;
}

/**
 * Reads a trajectory file.
 *
 * @throws {MismatchError} naming the field that differs from this run
 */
export async function trajectoryFromFile(
  file: string,
  { pipeline, schedule, identity, force }: WarmStartOptions,
): Promise<Required<InitialTrajectory>> {
  const bytes = await readUserFile("initialTrajectory", file);
  expectKind(bytes, { setting: "initialTrajectory", file });
  return readTrajectory(bytes, {
    file,
    shape: [schedule.numSteps + 1, ...pipeline.latentShape],
    metadata: identity,
    lenient: force ? ["model_sha256", "eta"] : [],
  });
}

/**
 * Reads a latent, or encodes an image. Returns a function that adds the noise of a sample to it.
 *
 * @throws {MismatchError} when the latent has another shape
 * @throws {FormatError} when the file is damaged or not finite
 */
export async function trajectoryMaker(
  setting: "initialLatents" | "initialImage",
  file: string,
  { pipeline, schedule, signal }: WarmStartOptions,
): Promise<(noise: Float64Array) => InitialTrajectory> {
  const bytes = await readUserFile(setting, file);
  expectKind(bytes, { setting, file });
  const latent = setting === "initialLatents"
    ? readLatent(bytes, pipeline.latentShape, file)
    : await pipeline.encodeImage(
      await readImage(bytes, { file, ...pipeline.imageSize }),
      signal,
    );
  return (noise) => ({ trajectory: renoise(latent, { schedule, noise }) });
}

/** Reads one latent; a batch of one is accepted. */
function readLatent(bytes: Uint8Array, wanted: readonly number[], file: string): Float64Array {
  const { data, shape } = readFloatArray(bytes, { file, tensor: "latents" });
  const [batch, ...row] = shape;
  const sizes = shape.length === wanted.length + 1 && batch === 1 ? row : shape;
  if (sizes.join() === wanted.join()) return data;
  throw new MismatchError(`${file}: shape is [${shape}], this run has [${wanted}]`);
}
