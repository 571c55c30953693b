/**
 * One network of a variational autoencoder in ONNX Runtime, called with one image or latent at a
 * time.
 * @module
 */
import { elementsOf } from "../elements_of.ts";
import { ModelError, NumericalError } from "../errors.ts";
import type { Environment } from "../runtime/environment.ts";
import { InferenceSession } from "../runtime/inference_session.ts";
import type { TensorMetadata } from "../runtime/model_metadata.ts";
import type { SessionOptions } from "../runtime/session_options.ts";
import { Tensor } from "../runtime/tensor.ts";
import type { LatentShape } from "./networks/network_contract.ts";
import {
  type CheckedTensor,
  expectType,
  fixedSize,
  FLOAT_TYPES,
  listTensors,
} from "./networks/tensor_contract.ts";

/** Scaling factor of Stable Diffusion's VAE, used if a folder's configuration has none. */
export const DEFAULT_SCALING_FACTOR = 0.18215;

export const IMAGE_CHANNELS = 3;

/** Sizes of one row, without the batch. A text matches any size. */
export type RowShape = readonly (number | string)[];

/** Options of {@link VaeDecoder.open} and {@link VaeEncoder.open}. */
export interface VaeOptions {
  /** Path of the network. */
  file: string;
  /** Ratio of the latents that are sampled to the VAE's own, after the shift. */
  scalingFactor: number;
  /** What is taken from the VAE's own latents before they are scaled; default 0. */
  shiftFactor?: number;
  /** `[channels, height, width]` of a latent. */
  latentShape: LatentShape;
  session?: SessionOptions;
}

/** Expected input and output of a network. */
export interface VaeContract {
  kind: "decoder" | "encoder";
  from: RowShape;
  /** Accepted outputs. */
  to: readonly RowShape[];
}

/** A session that satisfies its contract. */
export class VaeNetwork implements AsyncDisposable {
  readonly #env: Environment;
  readonly #session: InferenceSession;
  readonly #input: CheckedTensor;

  private constructor(env: Environment, session: InferenceSession, input: CheckedTensor) {
    this.#env = env;
    this.#session = session;
    this.#input = input;
  }

  /**
   * Opens the network.
   *
   * @throws {ModelError} if it cannot be loaded or violates the contract
   */
  static async open(
    env: Environment,
    { file, session: options }: VaeOptions,
    contract: VaeContract,
  ): Promise<VaeNetwork> {
    const session = await InferenceSession.create(env, file, options);
    try {
      return new VaeNetwork(env, session, checkVaeContract(file, session, contract));
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  /** Sizes of the input without the batch, as the network declares them. */
  get rowShape(): RowShape {
    return this.#input.shape.slice(1);
  }

  /** Runs one row. `sizes` are the sizes of the input row and of the output row. */
  async run(
    values: ArrayLike<number>,
    sizes: readonly number[],
    signal?: AbortSignal,
  ): Promise<{ values: Float32Array; sizes: readonly number[] }> {
    const batch = fixedSize(this.#input.shape[0]) ?? 1;
    using input = new Tensor(this.#env, this.#input.type, [batch, ...sizes]);
    // A batch fixed at several rows is filled with copies; the first row is returned.
    for (let row = 0; row < batch; row++) {
      (input.data as Float32Array).set(values, row * values.length);
    }
    const { name } = this.#session.outputs[0];
    const outputs = await this.#session.run({ [this.#input.name]: input }, {
      outputs: [name],
      signal,
    });
    using output = outputs[name];
    const [, ...out] = output.dims;
    const first = (output.data as Float32Array).subarray(0, elementsOf(out));
    return { values: Float32Array.from(first), sizes: out };
  }

  /** Releases the session. */
  close(): Promise<void> {
    return this.#session.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Validates a network against a contract. @throws {ModelError} if its rows differ */
export function checkVaeContract(
  file: string,
  { inputs, outputs }: Pick<InferenceSession, "inputs" | "outputs">,
  { kind, from, to }: VaeContract,
): CheckedTensor {
  const fits = inputs.length === 1 && takes(inputs[0], from) &&
    outputs.length > 0 && to.some((row) => takes(outputs[0], row));
  if (!fits) {
    const shape = (row: RowShape) => `[${["batch", ...row].join(", ")}]`;
    throw new ModelError(
      `${file} takes ${listTensors(inputs)} and gives ${listTensors(outputs)}, ` +
        `wanted ${kind === "encoder" ? "an" : "a"} ${kind} from ${shape(from)} to ` +
        to.map(shape).join(" or "),
    );
  }
  expectType(file, outputs[0], FLOAT_TYPES);
  return expectType(file, inputs[0], FLOAT_TYPES);
}

/** Whether a tensor can have rows of these sizes. */
function takes({ shape }: TensorMetadata, row: RowShape): boolean {
  return shape.length === row.length + 1 &&
    row.every((size, i) => typeof size === "string" || (fixedSize(shape[i + 1]) ?? size) === size);
}

/** Checks for NaN and infinity. @throws {NumericalError} if there are any */
export function expectFinite(file: string, values: Float32Array): void {
  if (values.every(Number.isFinite)) return;
  throw new NumericalError(`${file} gives values that are not finite`, {
    hint: "half precision may overflow: try the float32 files of the network",
  });
}
