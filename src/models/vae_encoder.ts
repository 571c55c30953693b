/** The encoder of a variational autoencoder: pixels to latents. @module */
import { elementsOf } from "../elements_of.ts";
import { ModelError } from "../errors.ts";
import type { Environment } from "../runtime/environment.ts";
import { fixedSize } from "./networks/tensor_contract.ts";
import type { Image } from "../images/image.ts";
import { expectFinite, IMAGE_CHANNELS, VaeNetwork, type VaeOptions } from "./vae_network.ts";

/** Encodes one image at a time. */
export class VaeEncoder implements AsyncDisposable {
  readonly #network: VaeNetwork;
  readonly #options: VaeOptions;

  private constructor(network: VaeNetwork, options: VaeOptions) {
    this.#network = network;
    this.#options = options;
  }

  /**
   * Opens the encoder. Its output is latents, or, if it is named `latent_parameters`, mean and
   * log-variance with twice the channels.
   *
   * @throws {ModelError} if it cannot be loaded, or its input or output differs
   */
  static async open(env: Environment, options: VaeOptions): Promise<VaeEncoder> {
    const [channels, height, width] = options.latentShape;
    const network = await VaeNetwork.open(env, options, {
      kind: "encoder",
      from: [IMAGE_CHANNELS, "height", "width"],
      to: [[channels, height, width], [2 * channels, height, width]],
    });
    return new VaeEncoder(network, options);
  }

  /**
   * Returns the latent of an image: the mean times the scaling factor. An encoder that draws its
   * latents itself, as those of diffusers' export script do, returns another draw around the mean
   * on each call.
   *
   * @returns `[channels, height, width]`
   * @throws {ModelError} if the network requires images of another size, or returns latents of
   * another size
   * @throws {NumericalError} if the latent is not finite
   */
  async encode(image: Image, signal?: AbortSignal): Promise<Float64Array> {
    const { file, latentShape, scalingFactor, shiftFactor = 0 } = this.#options;
    const { width, height } = image;
    const [, ...declared] = this.#network.rowShape;
    const [rows, columns] = declared.map(fixedSize);
    if ((rows ?? height) !== height || (columns ?? width) !== width) {
      throw new ModelError(
        `the image is ${width}x${height}, ${file} takes ${columns ?? width}x${rows ?? height}`,
      );
    }
    const { values, sizes } = await this.#network.run(
      toPlanes(image),
      [IMAGE_CHANNELS, height, width],
      signal,
    );
    const [channels, ...size] = latentShape;
    const fits = (sizes[0] === channels || sizes[0] === 2 * channels) &&
      size.every((wanted, i) => sizes[i + 1] === wanted);
    if (!fits) {
      throw new ModelError(
        `${file} makes [${sizes.join(", ")}] of a ${width}x${height} image, ` +
          `wanted [${latentShape.join(", ")}]`,
      );
    }
    const mean = values.subarray(0, elementsOf(latentShape));
    expectFinite(file, mean);
    return Float64Array.from(mean, (x) => (x - shiftFactor) * scalingFactor);
  }

  /** Releases the session. */
  close(): Promise<void> {
    return this.#network.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Converts interleaved bytes to `[3, height, width]` in −1 … 1. */
function toPlanes({ width, height, data }: Image): Float32Array {
  const plane = width * height;
  const values = new Float32Array(plane * IMAGE_CHANNELS);
  for (let i = 0; i < values.length; i++) {
    values[(i % IMAGE_CHANNELS) * plane + Math.floor(i / IMAGE_CHANNELS)] = data[i] / 127.5 - 1;
  }
  return values;
}
