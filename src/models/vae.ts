/** The decoder of a variational autoencoder: latents to pixels. @module */
import { ModelError } from "../errors.ts";
import type { Environment } from "../runtime/environment.ts";
import { InferenceSession } from "../runtime/inference_session.ts";
import type { TensorMetadata } from "../runtime/model_metadata.ts";
import type { SessionOptions } from "../runtime/session_options.ts";
import { Tensor } from "../runtime/tensor.ts";
import type { LatentShape } from "./network_contract.ts";
import {
  type CheckedTensor,
  expectType,
  fixedSize,
  FLOAT_TYPES,
  listTensors,
} from "./tensor_contract.ts";

/** Scaling factor of Stable Diffusion's VAE, for folders whose config does not say it. */
export const DEFAULT_SCALING_FACTOR = 0.18215;

const PICTURE_CHANNELS = 3;

/** 8-bit RGB pixels, row by row. */
export interface Picture {
  width: number;
  height: number;
  /** `[height, width, 3]`. */
  data: Uint8Array;
}

/** Options of {@link VaeDecoder.open}. */
export interface VaeDecoderOptions {
  /** Path of the network. */
  file: string;
  /** Latents are divided by it before decoding. */
  scalingFactor: number;
  /** `[channels, height, width]` of a latent. */
  latentShape: LatentShape;
  session?: SessionOptions;
}

/** Decodes one latent at a time: a picture never depends on what else is decoded. */
export class VaeDecoder implements AsyncDisposable {
  readonly #env: Environment;
  readonly #session: InferenceSession;
  readonly #input: CheckedTensor;
  readonly #options: VaeDecoderOptions;

  private constructor(
    env: Environment,
    session: InferenceSession,
    input: CheckedTensor,
    options: VaeDecoderOptions,
  ) {
    this.#env = env;
    this.#session = session;
    this.#input = input;
    this.#options = options;
  }

  /** Opens the decoder. @throws {ModelError} when it cannot be loaded, or takes other latents or gives no pictures */
  static async open(env: Environment, options: VaeDecoderOptions): Promise<VaeDecoder> {
    const session = await InferenceSession.create(env, options.file, options.session);
    try {
      return new VaeDecoder(env, session, checkDecoder(session, options), options);
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  /**
   * Pixels of a latent: `floor(127.5 x + 128)`, clamped to a byte, as the official scripts round.
   *
   * @param latent `[channels, height, width]`, scaled
   */
  async decode(latent: Float64Array, signal?: AbortSignal): Promise<Picture> {
    const { latentShape, scalingFactor } = this.#options;
    const batch = fixedSize(this.#input.shape[0]) ?? 1;
    using z = new Tensor(this.#env, this.#input.type, [batch, ...latentShape]);
    const scaled = latent.map((x) => x / scalingFactor);
    // A batch frozen at more than one row is filled with copies; the first row is the answer.
    for (let row = 0; row < batch; row++) (z.data as Float32Array).set(scaled, row * scaled.length);
    const outputs = await this.#session.run({ [this.#input.name]: z }, { signal });
    using pixels = outputs[this.#session.outputs[0].name];
    return toPicture(pixels.data as Float32Array, pixels.dims);
  }

  /** Releases the session. */
  close(): Promise<void> {
    return this.#session.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** @throws {ModelError} unless the network takes such latents and gives pictures */
function checkDecoder(
  session: InferenceSession,
  { file, latentShape }: VaeDecoderOptions,
): CheckedTensor {
  const { inputs, outputs } = session;
  const fits = inputs.length === 1 && takes(inputs[0], [undefined, ...latentShape]) &&
    outputs.length > 0 && takes(outputs[0], [undefined, PICTURE_CHANNELS, undefined, undefined]);
  if (!fits) {
    throw new ModelError(
      `${file} takes ${listTensors(inputs)} and gives ${
        listTensors(outputs)
      }, needed is a decoder from ` +
        `[batch, ${latentShape.join(", ")}] to [batch, ${PICTURE_CHANNELS}, height, width]`,
    );
  }
  expectType(file, outputs[0], FLOAT_TYPES);
  return expectType(file, inputs[0], FLOAT_TYPES);
}

/** Whether a tensor can have these sizes; `undefined` is any size. */
function takes(tensor: TensorMetadata, sizes: readonly (number | undefined)[]): boolean {
  return tensor.shape.length === sizes.length &&
    sizes.every((size, i) => size === undefined || (fixedSize(tensor.shape[i]) ?? size) === size);
}

/** `[1, 3, height, width]` in −1 … 1 to interleaved bytes. */
function toPicture(values: ArrayLike<number>, dims: readonly number[]): Picture {
  const [, , height, width] = dims;
  const data = new Uint8Array(height * width * PICTURE_CHANNELS);
  const plane = height * width;
  for (let i = 0; i < plane; i++) {
    for (let channel = 0; channel < PICTURE_CHANNELS; channel++) {
      const level = Math.floor(127.5 * values[channel * plane + i] + 128);
      data[PICTURE_CHANNELS * i + channel] = Math.min(255, Math.max(0, level));
    }
  }
  return { width, height, data };
}
