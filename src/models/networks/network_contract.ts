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

/** An input that holds one condition per row. */
export interface ConditionInput {
  /** Name of the input: `class_labels`, `encoder_hidden_states`, `text_embeds`. */
  name: string;
  /**
   * Shape of one condition: `[]` for a class label, `[77, 768]` for a text embedding. A size that
   * is `undefined` is the network's own.
   */
  shape: readonly (number | undefined)[];
  /** Networks without the input are accepted too. */
  optional?: boolean;
}

/** What a kind of network is fed beside the timestep. */
export interface ContractOptions {
  /** Path of the network, for messages. */
  file: string;
  /** Name of the input that holds the latents; default `sample`. */
  sample?: string;
  /** Inputs that hold the conditions. */
  conditions: readonly ConditionInput[];
  /** Sizes of a latent, for networks that do not fix them. */
  latentShape?: LatentShape;
  /**
   * Side of the square that is one token, for latents `[batch, tokens, channels · patch²]`; without
   * it latents are `[batch, channels, height, width]`.
   */
  patch?: number;
}

/** Sizes of a latent. */
export type LatentShape = readonly [channels: number, height: number, width: number];

/** A network's inputs and output, validated. */
export interface NetworkContract {
  /** Input of the latents, `[batch, channels, height, width]`. */
  sample: CheckedTensor;
  /** Input of the model timesteps, `[batch]`. */
  timestep: CheckedTensor;
  /** Inputs of the conditions, one per row, in the order of the options. */
  conditions: readonly ConditionTensor[];
  /** Output of the noise, `[batch, outputChannels, height, width]`. */
  output: CheckedTensor;
  /** Sizes of a latent; the caller's if the network does not fix them. */
  latentShape: LatentShape;
  /** Channels of the output, at least the latent's: learned sigmas follow the noise. */
  outputChannels: number;
  /** Rows of every call, if the network's batch size is fixed. */
  frozenBatch: number | undefined;
  /** Side of the squares that are tokens; absent where latents are not packed. */
  patch?: number;
}

/** An input of conditions, and the sizes of one of them. */
export type ConditionTensor = CheckedTensor & { readonly rowDims: readonly number[] };

const NUMBER_TYPES: readonly TensorType[] = ["int64", "int32", ...FLOAT_TYPES];
const LATENT_AXES = ["batch", "channels", "height", "width"];
const TOKEN_AXES = ["batch", "tokens", "channels"];
/** Name and shape of a tensor. */
interface NamedShape {
  readonly name: string;
  readonly shape: readonly unknown[];
}

/** Names of latent inputs. */
const SAMPLE_NAMES = ["sample", "hidden_states"];

/**
 * Validates inputs and outputs: `sample [batch,C,h,w]`, `timestep [batch]`, the conditions with
 * `batch` rows, a first output `[batch,≥C,h,w]`.
 *
 * @throws {ModelError} naming the inputs and outputs, and the wanted ones
 */
export function checkContract(
  inputs: readonly TensorMetadata[],
  outputs: readonly TensorMetadata[],
  options: ContractOptions,
): NetworkContract {
  const { file, sample: name = "sample", patch } = options;
  const used = expectInputs(inputs, outputs, { ...options, sample: name });
  const tensor = (name: string) => inputs.find((input) => input.name === name)!;
  const sample = expectType(file, tensor(name), FLOAT_TYPES);
  const timestep = expectType(file, tensor("timestep"), NUMBER_TYPES);
  const output = expectType(file, outputs[0], FLOAT_TYPES);
  const axes = patch === undefined ? LATENT_AXES : TOKEN_AXES;
  expectRank(file, sample, axes);
  if (sharedTimestep([sample, timestep])) throw sharedTimestepError(file, timestep);
  expectRank(file, timestep, ["batch"]);
  const conditions = used.map((input) =>
    expectCondition(file, expectType(file, tensor(input.name), NUMBER_TYPES), input.shape)
  );
  expectRank(file, output, axes);
  const frozenBatch = frozenBatchOf(file, [sample, timestep, ...conditions]);
  const checked = { sample, timestep, conditions, output, frozenBatch };
  if (patch !== undefined) return { ...checked, ...packedShape(options, sample, output), patch };
  const latentShape = latentShapeOf(file, sample, options.latentShape);
  return { ...checked, latentShape, outputChannels: outputChannelsOf(file, output, latentShape) };
}

/** The condition inputs of the network. @throws {ModelError} if they differ from the wanted ones */
function expectInputs(
  inputs: readonly TensorMetadata[],
  outputs: readonly TensorMetadata[],
  { file, sample, conditions }: ContractOptions & { sample: string },
): ConditionInput[] {
  const has = (name: string) => inputs.some((input) => input.name === name);
  const used = conditions.filter(({ name, optional }) => !optional || has(name));
  const wanted = [sample, "timestep", ...used.map(({ name }) => name)];
  const fits = inputs.length === wanted.length && outputs.length > 0 && wanted.every(has);
  if (fits) return used;
  throw new ModelError(
    `${file} has inputs ${listTensors(inputs)} and outputs ${listTensors(outputs)}, ` +
      `wanted inputs ${wanted.join(", ")} and one output`,
  );
}

/** Sizes of latents for a network that takes tokens. */
function packedShape(
  { file, latentShape, patch = 1 }: ContractOptions,
  sample: TensorMetadata,
  output: TensorMetadata,
): Pick<NetworkContract, "latentShape" | "outputChannels"> {
  const [channels, height, width] = latentShape!;
  const row = [(height / patch) * (width / patch), channels * patch ** 2];
  for (const tensor of [sample, output]) {
    const fits = row.every((size, i) => (fixedSize(tensor.shape[i + 1]) ?? size) === size);
    if (fits) continue;
    throw new ModelError(
      `${file}: ${tensor.name} is ${shapeText(tensor)}, wanted [batch, ${row.join(", ")}]`,
    );
  }
  return { latentShape: [channels, height, width], outputChannels: channels };
}

/**
 * Returns the timestep input if one timestep serves the whole batch: a scalar, or a static `[1]` if
 * the batch size is not fixed at 1.
 */
export function sharedTimestep<T extends NamedShape>(inputs: readonly T[]): T | undefined {
  const timestep = inputs.find((input) => input.name === "timestep");
  const sample = inputs.find((input) => SAMPLE_NAMES.includes(input.name));
  if (!timestep) return undefined;
  const { shape } = timestep;
  const single = shape.length === 1 && shape[0] === 1 && sample?.shape[0] !== 1;
  return shape.length === 0 || single ? timestep : undefined;
}

/** Validates a condition's sizes, which would fail only in the first round. */
function expectCondition(
  file: string,
  condition: CheckedTensor,
  shape: ConditionInput["shape"],
): ConditionTensor {
  const wanted = shape.map((size, i) => String(size ?? `size ${i + 1}`));
  expectRank(file, condition, ["batch", ...wanted]);
  const own = condition.shape.slice(1).map(fixedSize);
  const rowDims = shape.map((size, i) => size ?? own[i]);
  const fits = rowDims.every((size, i) => size !== undefined && (own[i] ?? size) === size);
  if (fits) return { ...condition, rowDims: rowDims as number[] };
  throw new ModelError(
    `${file}: ${condition.name} is ${shapeText(condition)}, wanted [batch, ${wanted.join(", ")}]`,
    { hint: "the parts of the folder do not belong together" },
  );
}

/**
 * Returns the error of a shared timestep: parallel sampling needs another timestep in every row.
 */
export function sharedTimestepError(
  file: string,
  timestep: Pick<TensorMetadata, "shape">,
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
