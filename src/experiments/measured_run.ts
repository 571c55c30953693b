/** Measures a finished run against the sequential one. @module */
import { join } from "node:path";
import { FormatError } from "../errors.ts";
import type { Image } from "../images/image.ts";
import { latentDifference } from "../runs/latent_difference.ts";
import { conditionName, type Manifest, type SampleRecord } from "../runs/manifest.ts";
import { psnr, ssim } from "../images/image_metrics.ts";
import type { RoundRow } from "../runs/rounds_file.ts";
import { readStep, RunSample } from "../runs/run_sample.ts";
import type { Cell } from "./cells.ts";
import type { Metric } from "./definition.ts";
import type { FoundRun } from "./find_run.ts";
import { type SolverSettings, solverSettings } from "./solver_settings.ts";

/** One measured sample of a run. */
export interface MeasuredSample {
  cell: Cell;
  /** Folder of the run. */
  path: string;
  index: number;
  /** Class or prompt. */
  label: string;
  seed: number;
  /** Number of sampling steps T. */
  timesteps: number;
  settings: SolverSettings;
  /** Recorded arguments. */
  arguments: Manifest["arguments"];
  figures: Readonly<Record<Metric, number>>;
  /** Every round; empty for a sequential sample. */
  rounds: readonly RoundRow[];
  /** Largest residual of every round. */
  residuals: readonly number[];
  finished: readonly number[];
  /**
   * First round from which the image stays within 40 dB of the sequential one; absent for a
   * sequential sample.
   */
  roundsToLookAlike?: number;
  /** Why the solver does not trust the sample, if it does not. */
  doubt?: string;
  /** SHA-256 of the final image, to compare repeated runs. */
  image: string;
}

/** PSNR from which two images look alike: an RMS difference of 2.6 of 255 levels. */
const ALIKE_DECIBELS = 40;

/** Measures every sample of a run. `reference` is the sequential run with the same noise. */
export async function measureRun(
  cell: Cell,
  { path, manifest }: FoundRun,
  reference: FoundRun,
): Promise<MeasuredSample[]> {
  const measured: MeasuredSample[] = [];
  for (const record of manifest.samples) {
    const target = reference.manifest.samples[record.index];
    if (target === undefined) {
      throw new FormatError(`${reference.path} lacks sample ${record.index} of ${path}`);
    }
    const sample = new RunSample(path, record), exact = new RunSample(reference.path, target);
    const latent = latentDifference(await sample.latent(), await exact.latent());
    const own = await sample.image(), wanted = await exact.image();
    const rounds = await sample.rounds();
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
      ...(rounds.length === 0
        ? {}
        : { roundsToLookAlike: await roundsToLookAlike(path, record, wanted) }),
      ...(record.doubt ? { doubt: record.doubt } : {}),
      rounds,
      residuals: record.residual,
      finished: record.finishedIndex,
      image: manifest.outputs[finalImage(record)].sha256,
    });
  }
  return measured;
}

async function roundsToLookAlike(
  path: string,
  record: SampleRecord,
  wanted: Image,
): Promise<number | undefined> {
  const images = await readImages(path, record);
  const last = images.findLastIndex((image) => psnr(image, wanted) < ALIKE_DECIBELS);
  return last === images.length - 1 ? undefined : last + 1;
}

/** Images after every round, `step_0` first. */
export async function readImages(
  path: string,
  { index, rounds }: Pick<SampleRecord, "index" | "rounds">,
): Promise<Image[]> {
  const images: Image[] = [];
  for (let round = 0; round <= rounds; round++) {
    images.push(await readStep(join(path, `sample_${index}`), round));
  }
  return images;
}

/** Last image of a sample. */
export function readFinalImage(
  path: string,
  { index, rounds }: Pick<SampleRecord, "index" | "rounds">,
): Promise<Image> {
  return readStep(join(path, `sample_${index}`), rounds);
}

function finalImage({ index, rounds }: SampleRecord): string {
  return `sample_${index}/step_${rounds}.png`;
}
