/** Writes the files of a sample: one image per round, the contact sheet, the trajectory. @module */
import { insertPngText } from "../images/png_text.ts";
import type { Image } from "../images/image.ts";
import { contactSheet } from "../images/contact_sheet.ts";
import { encodePng } from "../images/encode_png.ts";
import { resizeImage } from "../images/resize_image.ts";
import { encodeRounds, type RoundRow } from "./rounds_file.ts";
import type { RunDirectory } from "./run_directory.ts";
import { encodeTrajectory, type TrajectoryFile } from "./trajectory_file.ts";

/** Returns the text chunks of an image by its number. */
export type ImageText = (step: number, image: Image) => ReadonlyMap<string, string>;

/** Data of a sample's files. */
export interface SampleOutput extends TrajectoryFile {
  /** Folder inside the run, `sample_0`. */
  folder: string;
  /** Label of the sample, for the title of its sheet. */
  title: string;
  /** Decoded x_0 by round number, written to `step_<number>.png`. */
  images: ReadonlyMap<number, Image>;
  /** Text chunks of an image, by its number; `undefined` writes none. */
  imageText: ImageText | undefined;
  /** Every round; empty for sequential sampling, which writes no table. */
  rounds: readonly RoundRow[];
  /** Numbers of images that are already written. */
  written?: ReadonlySet<number>;
  /** Cancels between two files. */
  signal?: AbortSignal;
}

/** Maximum number of images in a row of a sheet. */
const SHEET_COLUMNS = 10;

/** Longest side of an image on a sheet, in pixels. */
const SHEET_SIDE = 128;

/** Writes all files of a sample. */
export async function writeSample(run: RunDirectory, sample: SampleOutput): Promise<void> {
  for (const [step, image] of sample.images) {
    sample.signal?.throwIfAborted();
    if (!sample.written?.has(step)) await writeImage(run, sample, { step, image });
  }
  const isParallel = sample.rounds.length > 0;
  await writeSheet(run, `${sample.folder}/contact_sheet.png`, {
    title: sample.title,
    images: [...sample.images.values()],
    captions: [...sample.images.keys()].map((step) =>
      step === 0 ? "start" : `${isParallel ? "round" : "step"} ${step}`
    ),
  });
  if (isParallel) {
    await run.write(
      `${sample.folder}/rounds.csv`,
      encodeRounds(sample.rounds, sample.shape[0] - 1),
    );
  }
  await run.write(`${sample.folder}/trajectory.safetensors`, encodeTrajectory(sample));
}

/** Writes `step_<step>.png`. */
export async function writeImage(
  run: RunDirectory,
  { folder, imageText }: Pick<SampleOutput, "folder" | "imageText">,
  { step, image }: { step: number; image: Image },
): Promise<void> {
  const png = encodePng(image);
  const text = imageText?.(step, image);
  await run.write(`${folder}/step_${step}.png`, text ? insertPngText(png, text) : png);
}

/** Content of a sheet. */
export interface Sheet {
  title?: string;
  images: readonly Image[];
  /** Captions, one per image. */
  captions: readonly string[];
}

/** Writes images as one sheet, scaled down if large, since encoding blocks the process. */
export async function writeSheet(
  run: RunDirectory,
  name: string,
  { title, images, captions }: Sheet,
): Promise<void> {
  const options = { columns: SHEET_COLUMNS, title, captions };
  await run.write(name, encodePng(contactSheet(images.map(thumbnail), options)));
}

function thumbnail(image: Image): Image {
  const scale = SHEET_SIDE / Math.max(image.width, image.height);
  if (scale >= 1) return image;
  const side = (length: number) => Math.max(1, Math.round(length * scale));
  return resizeImage(image, { width: side(image.width), height: side(image.height) });
}
