/** The files of one sample: a picture per round, the contact sheet, the trajectory. @module */
import { insertPngText } from "../formats/image/png_text.ts";
import type { Picture } from "../models/vae.ts";
import { contactSheet, encodePng } from "../images/picture.ts";
import { resizePicture } from "../images/resize_picture.ts";
import { encodeRounds, type RoundRow } from "./rounds_file.ts";
import type { RunDirectory } from "./run_directory.ts";
import { encodeTrajectory, type TrajectoryFile } from "./trajectory_file.ts";

/** Text chunks of a picture by its number. */
export type PictureText = (step: number, picture: Picture) => ReadonlyMap<string, string>;

/** What a sample leaves behind. */
export interface SampleOutput extends TrajectoryFile {
  /** Folder inside the run, `sample_0`. */
  folder: string;
  /** Decoded x_0 by its number: `step_<number>.png`. */
  pictures: ReadonlyMap<number, Picture>;
  /** Text chunks of a picture, by its number; `undefined` writes none. */
  pictureText: PictureText | undefined;
  /** Every round; sequential sampling has none, and leaves no table of them. */
  rounds: readonly RoundRow[];
  /** Pictures that lie there already. */
  written?: ReadonlySet<number>;
  /** Stops between two files. */
  signal?: AbortSignal;
}

/** Most pictures in a row of a sheet. */
const SHEET_COLUMNS = 10;

/** Longest side of a picture on a sheet, in pixels. */
const SHEET_SIDE = 128;

/** Writes all files of a sample. */
export async function writeSample(run: RunDirectory, sample: SampleOutput): Promise<void> {
  for (const [step, picture] of sample.pictures) {
    sample.signal?.throwIfAborted();
    if (!sample.written?.has(step)) await writePicture(run, sample, { step, picture });
  }
  await writeSheet(run, `${sample.folder}/contact_sheet.png`, [...sample.pictures.values()]);
  if (sample.rounds.length > 0) {
    await run.write(
      `${sample.folder}/rounds.csv`,
      encodeRounds(sample.rounds, sample.shape[0] - 1),
    );
  }
  await run.write(`${sample.folder}/trajectory.safetensors`, encodeTrajectory(sample));
}

/** Writes `step_<step>.png`. */
export async function writePicture(
  run: RunDirectory,
  { folder, pictureText }: Pick<SampleOutput, "folder" | "pictureText">,
  { step, picture }: { step: number; picture: Picture },
): Promise<void> {
  const png = await encodePng(picture);
  const text = pictureText?.(step, picture);
  await run.write(`${folder}/step_${step}.png`, text ? insertPngText(png, text) : png);
}

/** Writes pictures as one sheet, large ones smaller: encoding blocks the process, and nobody looks at more. */
export async function writeSheet(
  run: RunDirectory,
  name: string,
  pictures: readonly Picture[],
): Promise<void> {
  const sheet = contactSheet(pictures.map(thumbnail), { columns: SHEET_COLUMNS });
  await run.write(name, await encodePng(sheet));
}

function thumbnail(picture: Picture): Picture {
  const scale = SHEET_SIDE / Math.max(picture.width, picture.height);
  if (scale >= 1) return picture;
  const side = (length: number) => Math.max(1, Math.round(length * scale));
  return resizePicture(picture, { width: side(picture.width), height: side(picture.height) });
}
