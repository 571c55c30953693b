/** Content of a report as plain data. @module */
import type { Panel } from "./svg.ts";
import type { SmallImage } from "./strip.ts";

/** A report on an experiment, finished or not. */
export interface ReportModel {
  title: string;
  about: string;
  status: ReportStatus;
  /** Setup of the runs, by name; several values if the runs differ. */
  made: readonly (readonly [name: string, values: readonly string[]])[];
  /** Notes above the figures. */
  notes: readonly string[];
  table: { head: readonly string[]; rows: readonly (readonly string[])[] };
  charts: readonly { label: string; panel: Panel }[];
  samples: readonly ReportSample[];
  /** Number of samples omitted from the images to keep the page small; the table includes them. */
  leftOut: number;
  /** Text of the experiment file. */
  definition: string;
}

/** Progress of the experiment. */
export interface ReportStatus {
  done: number;
  wanted: number;
  /** Names of runs that are not finished. */
  missing: readonly string[];
  /** Runs that failed. */
  failed: readonly { name: string; message: string }[];
}

/** A sample with its images. */
export interface ReportSample {
  setting: string;
  /** Class or prompt. */
  label: string;
  seed: number;
  /** Path of the sample's folder, relative to the report. */
  folder: string;
  /** Images after every round, the initial one first. */
  rounds: SmallImage;
  /** Final image of sequential sampling. */
  sequential: SmallImage;
  /** Heatmap of the residuals, one pixel per step and round. */
  heat: { uri: string; steps: number; rounds: number };
  /** Finished index after every round. */
  finished: readonly number[];
  residuals: readonly number[];
  evaluations: readonly number[];
  /** Summary line: `14 rounds, 120 evaluations, …` */
  figures: string;
}
