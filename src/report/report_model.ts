/** What a report shows: plain data, no files. @module */
import type { Panel } from "./svg.ts";
import type { SmallImage } from "./strip.ts";

/** A report on an experiment, finished or not. */
export interface ReportModel {
  title: string;
  about: string;
  status: ReportStatus;
  /** What the runs were made with, by name; several values where runs differ. */
  made: readonly (readonly [name: string, values: readonly string[]])[];
  /** Facts that a reader should know before the figures. */
  notes: readonly string[];
  table: { head: readonly string[]; rows: readonly (readonly string[])[] };
  charts: readonly { label: string; panel: Panel }[];
  samples: readonly ReportSample[];
  /** Samples that are in the table and not among the images, to keep the page small. */
  leftOut: number;
  /** The experiment's file. */
  definition: string;
}

/** How far the experiment has come. */
export interface ReportStatus {
  done: number;
  wanted: number;
  /** Runs that are not there. */
  missing: readonly string[];
  /** Runs that ended with an error. */
  failed: readonly { name: string; message: string }[];
}

/** One sample with its images. */
export interface ReportSample {
  setting: string;
  /** Class or prompt. */
  label: string;
  seed: number;
  /** Path of its folder from the report's. */
  folder: string;
  /** Image after every round, the start first. */
  rounds: SmallImage;
  /** Final image of sequential sampling. */
  sequential: SmallImage;
  /** Residual by step and round, one pixel each. */
  heat: { uri: string; steps: number; rounds: number };
  /** Of every round. */
  finished: readonly number[];
  residuals: readonly number[];
  evaluations: readonly number[];
  /** `14 rounds, 120 evaluations, …` */
  figures: string;
}
