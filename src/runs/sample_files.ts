/** The files of one sample: a picture per round, the contact sheet, the trajectory. @module */
import { insertPngText } from "../formats/png_text.ts";
import type { Picture } from "../models/vae.ts";
import { contactSheet, encodePng } from "./picture.ts";
import type { RunDirectory } from "./run_directory.ts";
import { encodeTrajectory, type TrajectoryFile } from "./trajectory_file.ts";

/** What a sample leaves behind. */
export interface SampleOutput extends TrajectoryFile {
  /** Folder inside the run, `sample_0`. */
  folder: string;
  /** Decoded x_0 by its number: `step_<number>.png`. */
  pictures: ReadonlyMap<number, Picture>;
  /** Text chunks of a picture, by its number; `undefined` writes none. */
  pictureText: ((step: number) => ReadonlyMap<string, string>) | undefined;
}

/** Most pictures in a row of a sheet. */
const SHEET_COLUMNS = 10;

/** Writes all files of a sample. */
export async function writeSample(run: RunDirectory, sample: SampleOutput): Promise<void> {
  for (const [step, picture] of sample.pictures) {
    const png = await encodePng(picture);
    const text = sample.pictureText?.(step);
    await run.write(`${sample.folder}/step_${step}.png`, text ? insertPngText(png, text) : png);
  }
  await writeSheet(run, `${sample.folder}/contact_sheet.png`, [...sample.pictures.values()]);
  await run.write(`${sample.folder}/trajectory.safetensors`, encodeTrajectory(sample));
}

/** Writes pictures as one sheet. */
export async function writeSheet(
  run: RunDirectory,
  name: string,
  pictures: readonly Picture[],
): Promise<void> {
  await run.write(name, await encodePng(contactSheet(pictures, { columns: SHEET_COLUMNS })));
}
