/** A sample of a finished run. Files are read on demand. @module */
import { join } from "node:path";
import { FormatError } from "../errors.ts";
import { fileFault } from "../formats/file_fault.ts";
import { readSafetensors } from "../formats/safetensors/safetensors.ts";
import type { Image } from "../images/image.ts";
import { readImage } from "../images/read_image.ts";
import type { SampleRecord } from "./manifest.ts";
import { readRounds, type RoundRow } from "./rounds_file.ts";

/** A sample of a complete run. */
export class RunSample {
  /** Record of the sample in the manifest. */
  readonly record: SampleRecord;
  readonly #folder: string;

  /**
   * A sample of a run.
   *
   * @param run folder of the run
   */
  constructor(run: string, record: SampleRecord) {
    this.record = record;
    this.#folder = join(run, `sample_${record.index}`);
  }

  /** Image after a round, by default the last; 0 is the initial image. */
  image(round: number = this.record.rounds): Promise<Image> {
    return readStep(this.#folder, round);
  }

  /**
   * x_0 … x_T, float64, `[T+1, channels, height, width]` in one array; x_0 is its first `1 /
   * (T+1)`.
   */
  trajectory(): Promise<Float64Array> {
    return this.#tensor("trajectory");
  }

  /** x_0, `[channels, height, width]`. */
  latent(): Promise<Float64Array> {
    return this.#tensor("trajectory", 1);
  }

  /** Initial noise, in the layout of `trajectory`. */
  noise(): Promise<Float64Array> {
    return this.#tensor("noise");
  }

  /** Window, evaluations and residuals of every round; empty for sequential sampling. */
  async rounds(): Promise<RoundRow[]> {
    const { finishedIndex, rounds } = this.record;
    if (finishedIndex.length === 0) return [];
    const file = join(this.#folder, "rounds.csv");
    const rows = readRounds(await readOutput(file), { file });
    if (rows.length === rounds) return rows;
    throw new FormatError(`${file} holds ${rows.length} rounds, the manifest lists ${rounds}`);
  }

  async #tensor(name: string, rows?: number): Promise<Float64Array> {
    const file = join(this.#folder, "trajectory.safetensors");
    const tensor = readSafetensors(await readOutput(file), { file }).tensors.get(name);
    if (tensor?.dtype !== "F64") throw new FormatError(`${file} holds no ${name}`);
    const { data, shape } = tensor;
    return Float64Array.from(rows ? data.subarray(0, rows * data.length / shape[0]) : data);
  }
}

/** Image after a round of the sample in a folder. */
export async function readStep(folder: string, round: number): Promise<Image> {
  const file = join(folder, `step_${round}.png`);
  return await readImage(await readOutput(file), { file });
}

/** Reads a file of a complete run, without checking its hash again. */
export async function readOutput(file: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(file);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotCapable) throw cause;
    throw new FormatError(`${file} cannot be read: ${fileFault(cause)}`, { cause });
  }
}
