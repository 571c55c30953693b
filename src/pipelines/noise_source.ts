/**
 * Creates the noise of each sample: from the official stream, a generator per image, or a file.
 * @module
 */
import { elementsOf } from "../elements_of.ts";
import { FormatError } from "../errors.ts";
import { readFloatArray } from "../formats/float_array.ts";
import { TorchGenerator } from "../sampling/noise.ts";

/** How seeds map to generators. */
export type NoiseStream = "official" | "per_image";

/** Noise of one sample. */
export interface SampleNoise {
  /** `[T+1, channels, height, width]`, index T the initial latent. */
  noise: Float64Array;
  /** Seed of the generator; absent if the noise came from a file. */
  seed?: number;
  /** Class drawn for this sample, if requested. */
  label?: number;
}

/** Options of {@link drawNoise}. */
export interface DrawOptions {
  seed: number;
  stream: NoiseStream;
  /** Number of samples in the official stream. */
  count: number;
  /** Elements of one sample's noise, (T+1)·channels·height·width. */
  size: number;
  /** Draw a class label in `[0, classes)` before the noise, as the official DiT script does. */
  classes?: number;
}

/** Number of distinct seeds. */
const SEEDS = 2 ** 32;

/** torch draws normal numbers in blocks of this size. */
const BLOCK = 16;

/**
 * Draws labels and noise sample by sample. `official`: `randint(0, classes, (1, count))`, then
 * `randn(1, count, …)` of one generator. `per_image`: sample i has its own generator, seeded with
 * seed + i, so it is independent of `count` and of other samples.
 */
export function* drawNoise(options: DrawOptions): Iterable<SampleNoise> {
  const { seed, stream, count, size, classes } = options;
  if (stream === "per_image") {
    for (let i = 0; i < count; i++) {
      // torch takes seeds modulo 2^32, and seed + i may exceed the exact integers.
      const own = (seed % SEEDS + i) % SEEDS;
      const generator = new TorchGenerator(own);
      const label = classes === undefined ? undefined : generator.randint(0, classes, 1)[0];
      yield { seed: own, label, noise: generator.randn(size) };
    }
    return;
  }
  const generator = new TorchGenerator(seed);
  const labels = classes === undefined ? undefined : generator.randint(0, classes, count);
  // Drawing sample by sample matches torch's stream only if every sample is a multiple of the block
  // size.
  const whole = size % BLOCK === 0 ? undefined : generator.randn(count * size);
  for (let i = 0; i < count; i++) {
    const noise = whole ? whole.slice(i * size, (i + 1) * size) : generator.randn(size);
    yield { seed, label: labels?.[i], noise };
  }
}

/** Noise from a file: one block for all samples, or one per sample. */
export interface NoiseFile {
  /** Number of blocks. */
  count: number;
  /** Block of sample i; a single block is used for every sample. */
  noise(i: number): Float64Array;
}

/**
 * Parses `.npy` or `.safetensors` noise, float32 or float64, `[T+1,C,h,w]` or `[n,T+1,C,h,w]`. In a
 * file of several tensors, `noise` is used, as in trajectory files.
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
  const size = elementsOf(shape);
  return {
    count: single ? 1 : dims[0],
    noise: (i) => single ? data.slice() : data.slice(i * size, (i + 1) * size),
  };
}
