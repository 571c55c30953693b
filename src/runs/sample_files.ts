/** The files of one sample: an image per round, the contact sheet, the trajectory. @module */
import { insertPngText } from "../images/png_text.ts";
import type { Image } from "../images/image.ts";
import { contactSheet } from "../images/contact_sheet.ts";
import { encodePng } from "../images/encode_png.ts";
import { resizeImage } from "../images/resize_image.ts";
import { encodeRounds, type RoundRow } from "./rounds_file.ts";
import type { RunDirectory } from "./run_directory.ts";
import { encodeTrajectory, type TrajectoryFile } from "./trajectory_file.ts";

/** Text chunks of an image by its number. */
export type ImageText = (step: number, image: Image) => ReadonlyMap<string, string>;

/** What a sample leaves behind. */
export interface SampleOutput extends TrajectoryFile {
  /** Folder inside the run, `sample_0`. */
  folder: string;
  /** What it shows, for its sheet's title. */
  title: string;
  /** Decoded x_0 by its number: `step_<number>.png`. */
  images: ReadonlyMap<number, Image>;
  /** Text chunks of an image, by its number; `undefined` writes none. */
  imageText: ImageText | undefined;
  /** Every round; sequential sampling has none, and leaves no table of them. */
  rounds: readonly RoundRow[];
  /** Images that lie there already. */
  written?: ReadonlySet<number>;
  /** Stops between two files. */
  signal?: AbortSignal;
}

/** Most images in a row of a sheet. */
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

/** What a sheet shows. */
export interface Sheet {
  title?: string;
  images: readonly Image[];
  /** By image. */
  captions: readonly string[];
}

/** Writes images as one sheet, large ones smaller: encoding blocks the process, and nobody looks at more. */
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
