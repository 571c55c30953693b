/**
 * Validates the inputs and output of a noise-predicting network, before the first round.
 * @module
 */
import { ModelError } from "../../errors.ts";
import type { TensorMetadata } from "../../runtime/model_metadata.ts";
import type { TensorType } from "../../runtime/tensor_type.ts";
import {
  type CheckedTensor,
  expectRank,
  expectType,
  fixedSize,
  FLOAT_TYPES,
  listTensors,
  shapeText,
} from "./tensor_contract.ts";

/** Condition and sizes of a kind of network. */
export interface ContractOptions {
  /** Path of the network, for messages. */
  file: string;
  /** Name of the input that holds the condition: `class_labels`, `encoder_hidden_states`. */
  condition: string;
  /** Shape of one condition: `[]` for a class label, `[77, 768]` for a text embedding. */
  conditionShape: readonly number[];
  /** Sizes of a latent, for networks that do not fix them. */
  latentShape?: LatentShape;
}

/** Sizes of a latent. */
export type LatentShape = readonly [channels: number, height: number, width: number];

/** A network's inputs and output, validated. */
export interface NetworkContract {
  /** Input of the latents, `[batch, channels, height, width]`. */
  sample: CheckedTensor;
  /** Input of the model timesteps, `[batch]`. */
  timestep: CheckedTensor;
  /** Input of the conditions, one per row. */
  condition: CheckedTensor;
  /** Output of the noise, `[batch, outputChannels, height, width]`. */
  output: CheckedTensor;
  /** Sizes of a latent; the caller's if the network does not fix them. */
  latentShape: LatentShape;
  /** Channels of the output, at least the latent's: learned sigmas follow the noise. */
  outputChannels: number;
  /** Rows of every call, if the network's batch size is fixed. */
  frozenBatch: number | undefined;
}

const NUMBER_TYPES: readonly TensorType[] = ["int64", "int32", ...FLOAT_TYPES];
const LATENT_AXES = ["batch", "channels", "height", "width"];

/**
 * Validates inputs and outputs: `sample [batch,C,h,w]`, `timestep [batch]`, the condition with
 * `batch` rows, a first output `[batch,≥C,h,w]`.
 *
 * @throws {ModelError} naming what was found and what is wanted
 */
export function checkContract(
  inputs: readonly TensorMetadata[],
  outputs: readonly TensorMetadata[],
  options: ContractOptions,
): NetworkContract {
  const { file } = options;
  const wanted = ["sample", "timestep", options.condition];
  const fits = inputs.length === wanted.length && outputs.length > 0 &&
    wanted.every((name) => inputs.some((input) => input.name === name));
  if (!fits) {
    throw new ModelError(
      `${file} has inputs ${listTensors(inputs)} and outputs ${listTensors(outputs)}, ` +
        `wanted inputs ${wanted.join(", ")} and one output`,
    );
  }
  const [x, t, y] = wanted.map((name) => inputs.find((input) => input.name === name)!);
  const sample = expectType(file, x, FLOAT_TYPES);
  const timestep = expectType(file, t, NUMBER_TYPES);
  const condition = expectType(file, y, NUMBER_TYPES);
  const output = expectType(file, outputs[0], FLOAT_TYPES);
  expectRank(file, sample, LATENT_AXES);
  if (sharedTimestep([sample, timestep])) throw sharedTimestepError(file, timestep);
  expectRank(file, timestep, ["batch"]);
  expectCondition(file, condition, options.conditionShape);
  expectRank(file, output, LATENT_AXES);
  const latentShape = latentShapeOf(file, sample, options.latentShape);
  return {
    sample,
    timestep,
    condition,
    output,
    latentShape,
    outputChannels: outputChannelsOf(file, output, latentShape),
    frozenBatch: frozenBatchOf(file, [sample, timestep, condition]),
  };
}

/**
 * Returns the timestep input if one timestep serves the whole batch: a scalar, or a static `[1]` if
 * the batch size is not fixed at 1.
 */
export function sharedTimestep(inputs: readonly TensorMetadata[]): TensorMetadata | undefined {
  const timestep = inputs.find((input) => input.name === "timestep");
  const sample = inputs.find((input) => input.name === "sample");
  if (!timestep) return undefined;
  const { shape } = timestep;
  const single = shape.length === 1 && shape[0] === 1 && sample?.shape[0] !== 1;
  return shape.length === 0 || single ? timestep : undefined;
}

/** Validates the condition's sizes, which would fail only in the first round. */
function expectCondition(file: string, condition: TensorMetadata, shape: readonly number[]): void {
  expectRank(file, condition, ["batch", ...shape.map(String)]);
  const fits = shape.every((size, i) => (fixedSize(condition.shape[i + 1]) ?? size) === size);
  if (fits) return;
  throw new ModelError(
    `${file}: ${condition.name} is ${shapeText(condition)}, wanted [batch, ${shape.join(", ")}]`,
    { hint: "the parts of the folder do not belong together" },
  );
}

/**
 * Returns the error of a shared timestep: parallel sampling needs another timestep in every row.
 */
export function sharedTimestepError(
  file: string,
  timestep: TensorMetadata,
  cause?: Error,
): ModelError {
  const kind = timestep.shape.length === 0 ? "a scalar" : "static [1]";
  return new ModelError(
    `${file}: the timestep input is ${kind}, wanted [batch], one timestep per row`,
    { hint: cause?.message ?? "export the network with a timestep for every row", cause },
  );
}

/** Returns the sizes of a latent. The caller's apply where the network does not fix them. */
function latentShapeOf(
  file: string,
  sample: TensorMetadata,
  fallback: LatentShape | undefined,
): LatentShape {
  const [channels, height, width] = sample.shape.slice(1).map((dim, i) =>
    fixedSize(dim) ?? fallback?.[i]
  );
  if (channels !== undefined && height !== undefined && width !== undefined) {
    return [channels, height, width];
  }
  throw new ModelError(
    `${file}: sample is ${shapeText(sample)}, wanted channels, height and width as numbers`,
  );
}

function outputChannelsOf(
  file: string,
  output: TensorMetadata,
  [channels, height, width]: LatentShape,
): number {
  const out = output.shape.slice(1).map(fixedSize);
  const sameSize = [height, width].every((size, i) => (out[i + 1] ?? size) === size);
  const outputChannels = out[0] ?? channels;
  if (outputChannels >= channels && sameSize) return outputChannels;
  throw new ModelError(
    `${file}: output ${output.name} is ${shapeText(output)}, wanted a noise like the sample, ` +
      `[batch, ${channels} or more, ${height}, ${width}]`,
  );
}

function frozenBatchOf(file: string, inputs: readonly TensorMetadata[]): number | undefined {
  const batches = new Set(
    inputs.map((input) => fixedSize(input.shape[0])).filter((b) => b !== undefined),
  );
  if (batches.size <= 1) return batches.values().next().value;
  throw new ModelError(
    `${file}: inputs have different frozen batches (${
      listTensors(inputs)
    }), wanted one batch for all`,
  );
}
