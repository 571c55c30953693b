/** Where the noise of each sample comes from: the official stream, a generator per image, or a file. @module */
import { FormatError } from "../errors.ts";
import { readFloatArray } from "../formats/float_array.ts";
import { TorchGenerator } from "../sampling/noise.ts";

/** How seeds become noise. */
export type NoiseStream = "official" | "per_image";

/** Noise of one sample. */
export interface SampleNoise {
  /** `[T+1, channels, height, width]`, index T the initial latent. */
  noise: Float64Array;
  /** Seed of the generator it was drawn from; absent when it was read from a file. */
  seed?: number;
  /** Class drawn for this sample, when classes were asked for. */
  label?: number;
}

/** Options of {@link drawNoise}. */
export interface DrawOptions {
  seed: number;
  stream: NoiseStream;
  /** Samples that the official stream is laid out for. */
  count: number;
  /** Elements of one sample's noise, (T+1)·channels·height·width. */
  size: number;
  /** Draw a class label in `[0, classes)` before the noise, as the official DiT script does. */
  classes?: number;
}

/** Seeds that differ. */
const SEEDS = 2 ** 32;

/** torch fills normal numbers in blocks of this many. */
const BLOCK = 16;

/**
 * Labels and noise sample by sample.
 *
 * `official`: `randint(0, classes, (1, count))`, then `randn(1, count, …)` of one generator, drawn a sample at a time.
 * `per_image`: sample i has its own generator, seeded seed + i, so it depends neither on `count` nor on its neighbours.
 */
export function* drawNoise(options: DrawOptions): Iterable<SampleNoise> {
  const { seed, stream, count, size, classes } = options;
  if (stream === "per_image") {
    for (let i = 0; i < count; i++) {
      const own = (seed % SEEDS + i) % SEEDS; // torch takes seeds modulo 2^32; seed + i itself may be no exact number
      const generator = new TorchGenerator(own);
      const label = classes === undefined ? undefined : generator.randint(0, classes, 1)[0];
      yield { seed: own, label, noise: generator.randn(size) };
    }
    return;
  }
  const generator = new TorchGenerator(seed);
  const labels = classes === undefined ? undefined : generator.randint(0, classes, count);
  // Drawn in pieces the stream stays torch's only where every piece is a whole number of blocks.
  const whole = size % BLOCK === 0 ? undefined : generator.randn(count * size);
  for (let i = 0; i < count; i++) {
    const noise = whole ? whole.slice(i * size, (i + 1) * size) : generator.randn(size);
    yield { seed, label: labels?.[i], noise };
  }
}

/** Noise read from a file: one block for all samples, or one each. */
export interface NoiseFile {
  /** Samples in the file; 1 when it holds a single block. */
  count: number;
  /** Block of sample i; a single block serves every sample. */
  noise(i: number): Float64Array;
}

/**
 * Parses `.npy` or `.safetensors` noise, float32 or float64, `[T+1,C,h,w]` or `[n,T+1,C,h,w]`. Of several tensors `noise` is
 * taken, as our own trajectory files name it.
 *
 * @param shape `[T+1, C, h, w]` of the run
 * @throws {FormatError} when the file is damaged, of another shape or type, or not finite
 */
export function parseNoiseFile(
  bytes: Uint8Array,
  shape: readonly number[],
  file: string,
): NoiseFile {
  const { data, shape: dims } = readFloatArray(bytes, { file, tensor: "noise" });
  const single = dims.length === shape.length;
  const fits = dims.slice(-shape.length).every((size, i) => size === shape[i]);
  if (!fits || !(single || dims.length === shape.length + 1) || dims[0] === 0) {
    throw new FormatError(
      `${file} holds noise of shape [${dims}], wanted [${shape}] or [n,${shape}]: timesteps + 1 latents`,
    );
  }
  const size = shape.reduce((a, b) => a * b, 1);
  return {
    count: single ? 1 : dims[0],
    noise: (i) => single ? data.slice() : data.slice(i * size, (i + 1) * size),
  };
}
