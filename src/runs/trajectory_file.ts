/** Writes the trajectory file of a sample, and reads it for a warm start. @module */
import { FormatError, MismatchError } from "../errors.ts";
import {
  readSafetensors,
  type SafetensorsTensor,
  writeSafetensors,
} from "../formats/safetensors/safetensors.ts";
import { oneLine, shorten } from "../text.ts";

/** Content of a trajectory file. */
export interface TrajectoryFile {
  /** `[T+1, channels, height, width]`, index 0 the final sample. */
  trajectory: Float64Array;
  /** Noise of the run, in the layout of `trajectory`. */
  noise: Float64Array;
  shape: readonly number[];
  /** Schedule, seed, condition, model and others, as text. */
  metadata: ReadonlyMap<string, string>;
}

/** Content of the file as bytes. */
export function encodeTrajectory(
  { trajectory, noise, shape, metadata }: TrajectoryFile,
): Uint8Array {
  const tensors = new Map<string, SafetensorsTensor>([
    ["trajectory", { dtype: "F64", shape, data: trajectory }],
    ["noise", { dtype: "F64", shape, data: noise }],
  ]);
  return writeSafetensors(tensors, metadata);
}

/** Requirements for a trajectory to start from. */
export interface TrajectoryRequirements {
  /** File name in messages. */
  file: string;
  /** `[T+1, channels, height, width]` of the run. */
  shape: readonly number[];
  /** Metadata that must be equal, by key. */
  metadata: Readonly<Record<string, string>>;
  /** Keys of `metadata` that may differ. */
  lenient?: readonly string[];
}

/**
 * Parses a trajectory file and checks that it fits the run.
 *
 * @throws {FormatError} when the file is damaged or not a trajectory file, or its values are not
 *   finite or not in order
 * @throws {MismatchError} naming the first field that differs: shape or a key of the metadata
 */
export function readTrajectory(bytes: Uint8Array, wanted: TrajectoryRequirements): TrajectoryFile {
  const { file } = wanted;
  const { tensors, metadata } = readSafetensors(bytes, { file });
  const read = (name: string) => {
    const tensor = tensors.get(name);
    if (tensor) return checkTensor(name, tensor, wanted);
    throw new FormatError(
      `${file} holds no tensor named ${name}, wanted a trajectory that a run saved`,
      { hint: (spell) => `give a file of a single latent to ${spell("initialLatents")}` },
    );
  };
  const trajectory = read("trajectory");
  for (const [key, value] of Object.entries(wanted.metadata)) {
    const found = metadata.get(key);
    if (found === value || wanted.lenient?.includes(key)) continue;
    throw new MismatchError(`${file}: ${key} is ${short(found)}, this run has ${short(value)}`, {
      hint: (name) =>
        `a trajectory starts only a run of its own model, schedule and eta; ${
          name("forceWarm")
        } takes another model or eta`,
    });
  }
  const noise = read("noise");
  expectOrder(trajectory, noise, wanted);
  return { trajectory, noise, shape: wanted.shape, metadata };
}

/** Checks that x_T is the initial noise, which fails for a reversed or shuffled trajectory. */
function expectOrder(
  trajectory: Float64Array,
  noise: Float64Array,
  { file, shape }: TrajectoryRequirements,
): void {
  const top = noise.length - noise.length / shape[0];
  if (trajectory.subarray(top).every((x, i) => x === noise[top + i])) return;
  throw new FormatError(
    `${file}: order of trajectory: its last row is not the initial noise, wanted x_0 first and x_T last`,
  );
}

function checkTensor(
  name: string,
  tensor: SafetensorsTensor,
  { file, shape }: TrajectoryRequirements,
): Float64Array {
  if (tensor.dtype !== "F64" && tensor.dtype !== "F32") {
    throw new FormatError(
      `${file}: dtype of ${name} is ${tensor.dtype}, wanted F64 or F32`,
    );
  }
  if (tensor.shape.length !== shape.length) {
    throw new FormatError(`${file}: shape of ${name} is [${tensor.shape}], wanted [T+1,C,h,w]`);
  }
  if (tensor.shape.join() !== shape.join()) {
    throw new MismatchError(
      `${file}: shape of ${name} is [${tensor.shape}], this run has [${shape}]`,
      {
        hint: (name) =>
          `the first size is the number of steps plus one: ${name("numInferenceSteps")} ${
            tensor.shape[0] - 1
          } fits it`,
      },
    );
  }
  const data = Float64Array.from(tensor.data);
  const bad = data.findIndex((x) => !Number.isFinite(x));
  if (bad >= 0) {
    throw new FormatError(
      `${file}: ${name} holds ${data[bad]} at element ${bad}, wanted finite numbers`,
    );
  }
  return data;
}

function short(text: string | undefined): string {
  return text === undefined ? "absent" : oneLine(shorten(text, 60));
}
