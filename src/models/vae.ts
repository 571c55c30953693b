/** The decoder of a variational autoencoder: latents to pixels. @module */
import type { Image } from "../images/image.ts";
import type { Environment } from "../runtime/environment.ts";
import { expectFinite, IMAGE_CHANNELS, VaeNetwork, type VaeOptions } from "./vae_network.ts";

/** Decodes one latent at a time, so that an image never depends on other latents. */
export class VaeDecoder implements AsyncDisposable {
  readonly #network: VaeNetwork;
  readonly #options: VaeOptions;

  private constructor(network: VaeNetwork, options: VaeOptions) {
    this.#network = network;
    this.#options = options;
  }

  /**
   * Opens the decoder.
   *
   * @throws {ModelError} if it cannot be loaded, or its input or output differs
   */
  static async open(env: Environment, options: VaeOptions): Promise<VaeDecoder> {
    const network = await VaeNetwork.open(env, options, {
      kind: "decoder",
      from: options.latentShape,
      to: [[IMAGE_CHANNELS, "height", "width"]],
    });
    return new VaeDecoder(network, options);
  }

  /**
   * Converts a latent to pixels: `floor(127.5 x + 128)`, clamped to a byte, as the official scripts
   * round.
   *
   * @param latent `[channels, height, width]`, scaled
   */
  async decode(latent: Float64Array, signal?: AbortSignal): Promise<Image> {
    const { file, latentShape, scalingFactor, shiftFactor = 0 } = this.#options;
    const scaled = latent.map((x) => x / scalingFactor + shiftFactor);
    const { values, sizes: [, height, width] } = await this.#network.run(
      scaled,
      latentShape,
      signal,
    );
    expectFinite(file, values);
    return { width, height, data: toBytes(values, height * width) };
  }

  /** Releases the session. */
  close(): Promise<void> {
    return this.#network.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Converts `[3, plane]` in −1 … 1 to interleaved bytes. */
function toBytes(values: ArrayLike<number>, plane: number): Uint8Array {
  const data = new Uint8Array(plane * IMAGE_CHANNELS);
  for (let i = 0; i < plane; i++) {
    for (let channel = 0; channel < IMAGE_CHANNELS; channel++) {
      const level = Math.floor(127.5 * values[channel * plane + i] + 128);
      data[IMAGE_CHANNELS * i + channel] = Math.min(255, Math.max(0, level));
    }
  }
  return data;
}
