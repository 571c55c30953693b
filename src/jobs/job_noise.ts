/** The noise of a run's samples as the flags ask for it. @module */
import { UsageError } from "../errors.ts";
import {
  drawNoise,
  type NoiseStream,
  parseNoiseFile,
  type SampleNoise,
} from "../pipelines/noise_source.ts";
import { readSeedList } from "../arguments/seed_list.ts";
import { readUserFile } from "../arguments/user_file.ts";

/** Flags that say where noise comes from. */
export interface NoiseFlags {
  seed: number;
  noise_stream: NoiseStream;
  noise_path: string | undefined;
  /** Samples when nothing else says how many. */
  num_samples: number;
  /** A list of seeds in the place of all three. */
  seeds?: string;
}

/** What is drawn for every sample. */
export interface NoiseShape {
  /** Samples that were asked for, if any number was. */
  samples: number | undefined;
  /** `[T+1, channels, height, width]`. */
  shape: readonly number[];
  /** Draw class labels in `[0, classes)` too. */
  classes?: number;
}

/** 2 GiB of float64 for a trajectory, the solver's buffers several times that. */
const MOST_ELEMENTS = 2 ** 28;

/**
 * Noise of every sample, and how many samples there are: as many as asked for, else as many as the file holds.
 *
 * @throws {UsageError} when the file cannot be read or holds noise for another number of samples
 * @throws {FormatError} when the file is damaged
 */
export async function jobNoise(
  flags: NoiseFlags,
  { samples, shape, classes }: NoiseShape,
): Promise<{ count: number; noises: Iterable<SampleNoise> }> {
  const size = shape.reduce((a, b) => a * b, 1);
  const drawn = (count: number, size: number) =>
    drawNoise({ seed: flags.seed, stream: flags.noise_stream, count, size, classes });
  if (size > MOST_ELEMENTS) {
    throw new UsageError(
      `a trajectory would have ${size} elements, wanted at most ${MOST_ELEMENTS}`,
      {
        hint: "make --height, --width or --timesteps smaller",
      },
    );
  }
  const seeds = readSeedList(flags.seeds);
  if (seeds) {
    const count = samples ?? seeds.length;
    return { count, noises: drawSeeds(seeds, { count, size, classes }) };
  }
  if (flags.noise_path === undefined) {
    const count = samples ?? flags.num_samples;
    return { count, noises: drawn(count, size) };
  }
  const file = parseNoiseFile(
    await readUserFile("noise_path", flags.noise_path),
    shape,
    flags.noise_path,
  );
  const count = samples ?? file.count;
  if (file.count !== 1 && file.count !== count) {
    throw new UsageError(
      `--noise_path ${flags.noise_path} holds noise for ${file.count} samples, wanted ${
        count === 1 ? "1" : `1 or ${count}`
      }`,
    );
  }
  return { count, noises: replaceNoise(drawn(count, 0), file.noise) };
}

/** Of every seed the one sample that it makes alone, over and over. */
function* drawSeeds(
  seeds: readonly number[],
  { count, size, classes }: { count: number; size: number; classes?: number },
): Iterable<SampleNoise> {
  for (let i = 0; i < count; i++) {
    const seed = seeds[i % seeds.length];
    yield* drawNoise({ seed, stream: "official", count: 1, size, classes });
  }
}

/** The labels stay those of the seed; only the noise is the file's. */
function* replaceNoise(
  drawn: Iterable<SampleNoise>,
  noise: (i: number) => Float64Array,
): Iterable<SampleNoise> {
  let i = 0;
  for (const { label } of drawn) yield { label, noise: noise(i++) };
}
