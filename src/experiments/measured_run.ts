/** Figures of a finished run against the sequential one. @module */
import { join } from "node:path";
import { FormatError } from "../errors.ts";
import { readSafetensors } from "../formats/safetensors/safetensors.ts";
import type { Image } from "../images/image.ts";
import { latentDifference } from "../runs/latent_difference.ts";
import { conditionName, type Manifest, type SampleRecord } from "../runs/manifest.ts";
import { psnr, ssim } from "../images/image_metrics.ts";
import { readImage } from "../images/read_image.ts";
import { readRounds, type RoundRow } from "../runs/rounds_file.ts";
import type { Cell } from "./cells.ts";
import type { Metric } from "./definition.ts";
import type { FoundRun } from "./find_run.ts";
import { type SolverSettings, solverSettings } from "./results_csv.ts";

/** One sample of a run, measured. */
export interface MeasuredSample {
  cell: Cell;
  /** Folder of the run. */
  path: string;
  index: number;
  /** Class or prompt. */
  label: string;
  seed: number;
  /** T. */
  timesteps: number;
  settings: SolverSettings;
  /** As the run recorded them. */
  arguments: Manifest["arguments"];
  figures: Readonly<Record<Metric, number>>;
  /** Every round; none of a sequential sample. */
  rounds: readonly RoundRow[];
  /** Largest residual of every round. */
  residuals: readonly number[];
  finished: readonly number[];
  /** The first round after which the image stays within 40 dB of the sequential one; absent of a sequential sample. */
  roundsToSight?: number;
  /** SHA-256 of the final image, to see whether repeats are equal. */
  image: string;
}

/** Two images that are no further apart look alike: an RMS difference of 2.6 of 255 levels. */
const ALIKE_DECIBELS = 40;

/** Measures every sample of a run; `reference` is the sequential run of the same noise. */
export async function measureRun(
  cell: Cell,
  { path, manifest }: FoundRun,
  reference: FoundRun,
): Promise<MeasuredSample[]> {
  const measured: MeasuredSample[] = [];
  for (const record of manifest.samples) {
    const target = reference.manifest.samples[record.index];
    if (target === undefined) {
      throw new FormatError(`${reference.path} has no sample ${record.index}, ${path} has`);
    }
    const latent = latentDifference(
      await readLatent(path, record),
      await readLatent(reference.path, target),
    );
    const own = await readFinalImage(path, record);
    const wanted = await readFinalImage(reference.path, target);
    const rounds = await readRoundsOf(path, record, manifest);
    measured.push({
      cell,
      path,
      index: record.index,
      label: conditionName(record),
      seed: record.seed ?? cell.seed,
      timesteps: Number(manifest.arguments.timesteps),
      settings: solverSettings(manifest.arguments, cell.method),
      arguments: manifest.arguments,
      figures: {
        rounds: record.rounds,
        nfe: record.nfe,
        seconds: record.seconds.sampling,
        residual: record.residual.at(-1) ?? 0,
        psnr_db: psnr(own, wanted),
        ssim: ssim(own, wanted),
        max_abs: latent.max,
      },
      ...(rounds.length === 0 ? {} : { roundsToSight: await roundsToSight(path, record, wanted) }),
      rounds,
      residuals: record.residual,
      finished: record.finishedIndex,
      image: manifest.outputs[finalImage(record)].sha256,
    });
  }
  return measured;
}

async function roundsToSight(
  path: string,
  record: SampleRecord,
  wanted: Image,
): Promise<number | undefined> {
  const images = await readImages(path, record);
  const last = images.findLastIndex((image) => psnr(image, wanted) < ALIKE_DECIBELS);
  return last === images.length - 1 ? undefined : last + 1;
}

/** The image after every round, `step_0` first. */
export async function readImages(
  path: string,
  { index, rounds }: Pick<SampleRecord, "index" | "rounds">,
): Promise<Image[]> {
  const images: Image[] = [];
  for (let round = 0; round <= rounds; round++) {
    const file = join(path, `sample_${index}`, `step_${round}.png`);
    images.push(await readImage(await Deno.readFile(file), { file }));
  }
  return images;
}

/** The last image of a sample. */
export async function readFinalImage(
  path: string,
  record: Pick<SampleRecord, "index" | "rounds">,
): Promise<Image> {
  const file = join(path, finalImage(record));
  return await readImage(await Deno.readFile(file), { file });
}

function finalImage({ index, rounds }: Pick<SampleRecord, "index" | "rounds">): string {
  return `sample_${index}/step_${rounds}.png`;
}

/** x_0. */
async function readLatent(path: string, { index }: SampleRecord): Promise<Float64Array> {
  const file = join(path, `sample_${index}`, "trajectory.safetensors");
  const { tensors } = readSafetensors(await Deno.readFile(file), { file });
  const trajectory = tensors.get("trajectory");
  if (trajectory?.dtype !== "F64") throw new FormatError(`${file} holds no trajectory`);
  const { data, shape } = trajectory;
  return Float64Array.from(data.subarray(0, data.length / shape[0]));
}

async function readRoundsOf(
  path: string,
  { index, rounds }: SampleRecord,
  { outputs }: Manifest,
): Promise<RoundRow[]> {
  const name = `sample_${index}/rounds.csv`;
  if (!(name in outputs)) return [];
  const file = join(path, name);
  const rows = readRounds(await Deno.readFile(file), { file });
  if (rows.length === rounds) return rows;
  throw new FormatError(`${file} holds ${rows.length} rounds, the manifest says ${rounds}`);
}
