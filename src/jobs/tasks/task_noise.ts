/** Creates the noise of a run's samples. @module */
import { elementsOf } from "../../elements_of.ts";
import { readSeedList } from "../../arguments/seed_list.ts";
import type { ResolvedShared } from "../../arguments/settings.ts";
import { UsageError } from "../../errors.ts";
import { drawNoise, parseNoiseFile, type SampleNoise } from "../../pipelines/noise_source.ts";
import { readUserFile } from "../../storage/user_file.ts";

/** Settings that determine the noise. */
export type NoiseSettings = Pick<ResolvedShared, "seed" | "seeds" | "noiseStream" | "noisePath">;

/** Shape and number of the noise samples. */
export interface NoiseShape {
  /** Default number of samples. */
  number: number;
  /** Requested number of samples. */
  samples: number | undefined;
  /** `[T+1, channels, height, width]`. */
  shape: readonly number[];
  /** Factor of drawn noise in row T, which is x_T; 1 by default. Noise of a file is x_T already. */
  initialScale?: number;
  /** Also draw class labels in `[0, classes)`. */
  classes?: number;
}

/** 2 GiB of float64 per trajectory; the solver's buffers take several times that. */
const MAX_ELEMENTS = 2 ** 28;

/**
 * Noise of every sample, and the number of samples: the requested one, else that of the noise file.
 *
 * @throws {UsageError} when the file cannot be read or contains noise for another number of samples
 * @throws {FormatError} when the file is damaged
 */
export async function taskNoise(
  { seed, seeds, noiseStream: stream, noisePath }: NoiseSettings,
  { number, samples, shape, initialScale = 1, classes }: NoiseShape,
): Promise<{ count: number; noises: Iterable<SampleNoise> }> {
  const size = elementsOf(shape), top = size - size / shape[0];
  const drawn = (count: number, size: number) => drawNoise({ seed, stream, count, size, classes });
  const scaled = (samples: Iterable<SampleNoise>) => scaleTop(samples, top, initialScale);
  if (size > MAX_ELEMENTS) {
    throw new UsageError(
      `a trajectory would have ${size} elements, wanted at most ${MAX_ELEMENTS}`,
      {
        hint: (name) =>
          `make ${name("height")}, ${name("width")} or ${name("numInferenceSteps")} smaller`,
      },
    );
  }
  const list = readSeedList(seeds);
  if (list) {
    const count = samples ?? list.length;
    return { count, noises: scaled(drawSeeds(list, { count, size, classes })) };
  }
  if (noisePath === undefined) {
    const count = samples ?? number;
    return { count, noises: scaled(drawn(count, size)) };
  }
  const file = parseNoiseFile(
    await readUserFile("noisePath", noisePath),
    shape,
    noisePath,
  );
  const count = samples ?? file.count;
  if (file.count !== 1 && file.count !== count) {
    throw new UsageError((name) =>
      `${name("noisePath")} ${noisePath} holds noise for ${file.count} samples, wanted ${
        count === 1 ? "1" : `1 or ${count}`
      }`
    );
  }
  return { count, noises: replaceNoise(drawn(count, 0), file.noise) };
}

/** Multiplies the elements from `top` on, in place. */
function* scaleTop(
  samples: Iterable<SampleNoise>,
  top: number,
  scale: number,
): Iterable<SampleNoise> {
  for (const sample of samples) {
    const { noise } = sample;
    if (scale !== 1) { for (let i = top; i < noise.length; i++) noise[i] *= scale; }
    yield sample;
  }
}

/** Draws one sample per seed, equal to the only sample of a run with that seed. */
function* drawSeeds(
  seeds: readonly number[],
  { count, size, classes }: { count: number; size: number; classes?: number },
): Iterable<SampleNoise> {
  for (let i = 0; i < count; i++) {
    const seed = seeds[i % seeds.length];
    yield* drawNoise({ seed, stream: "official", count: 1, size, classes });
  }
}

/** Replaces the noise by that of the file; the class labels are still drawn from the seed. */
function* replaceNoise(
  drawn: Iterable<SampleNoise>,
  noise: (i: number) => Float64Array,
): Iterable<SampleNoise> {
  let i = 0;
  for (const { label } of drawn) yield { label, noise: noise(i++) };
}
