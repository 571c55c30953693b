/** What a run tells while it works, and how it is stopped. @module */
import type { Spelling, Wording } from "../errors.ts";
import type { Task } from "../arguments/settings.ts";
import type { VerifiedSample } from "./verified_sample.ts";

/** State of a sample after a round. */
export interface RoundEvent {
  /** Kind of the event. */
  event: "round";
  /** Index of the sample, from 0. */
  sample: number;
  /** Samples of the whole run. */
  samples: number;
  /** Steps that sequential sampling would take. */
  timesteps: number;
  /** From 1. */
  round: number;
  /** Highest unfinished step; the chain is solved at 0. */
  finishedIndex: number;
  /** Steps evaluated in this round. */
  evaluations: number;
  /** Largest RMS residual of the window. */
  residual: number;
}

/** A sample is finished and its files are written. */
export interface SampleEvent {
  /** Kind of the event. */
  event: "sample";
  /** Index of the sample, from 0. */
  sample: number;
  /** Samples of the whole run. */
  samples: number;
  /** Steps that sequential sampling would take. */
  timesteps: number;
  /** Class or prompt. */
  label: string;
  /** Rounds until the chain was solved. */
  rounds: number;
  /** Guided network calls, one per step. */
  nfe: number;
  /** Wall time of sampling. */
  seconds: number;
}

/** A line for people that belongs to no sample; a `detail` is one for those who ask for more. */
export interface NoteEvent {
  /** Kind of the event. */
  event: "note" | "detail";
  /** One line of text. */
  line: string;
}

/** The run's folder is there, and nothing is sampled yet. */
export interface StartEvent {
  /** Kind of the event. */
  event: "start";
  /** What the run makes. */
  task: Task;
  /** Folder of the run. */
  path: string;
  /** Hash of the network that predicts the noise. */
  modelSha256: string;
}

/** A sample of a run is compared with sequential sampling. */
export type VerifiedSampleEvent = { event: "verified_sample" } & VerifiedSample;

/** What a run tells while it works. */
export type RunEvent = RoundEvent | SampleEvent | NoteEvent | StartEvent | VerifiedSampleEvent;

/** How a run is watched and stopped. */
export interface WatchOptions {
  /** Stops the run: it throws the signal's reason, and its folder can be resumed. */
  signal?: AbortSignal;
  /** Told of everything that happens, in order; what it throws ends the run. */
  onProgress?: (event: RunEvent) => void;
  /** How notes spell settings; as in code by default. */
  spelling?: Spelling;
  /** Note after the first sample where sequential sampling would have been faster; it takes a twentieth of the sample's time. */
  advise?: boolean;
}

/** The options of a run as its parts take them. */
export class Watch {
  readonly signal: AbortSignal;
  /** Tells whoever watches. */
  readonly tell: (event: RunEvent) => void;

  /** Whether to note where sequential sampling would have been faster. */
  readonly advise: boolean;
  readonly #spelling: Spelling;

  /** Without options nobody watches, and nothing stops the run. */
  constructor(options: WatchOptions = {}) {
    const { signal = new AbortController().signal, onProgress = () => {} } = options;
    const { spelling = (setting) => setting, advise = false } = options;
    this.signal = signal;
    this.tell = onProgress;
    this.advise = advise;
    this.#spelling = spelling;
  }

  /** Tells a line for people. */
  readonly note = (line: Wording): void => {
    const text = typeof line === "string" ? line : line(this.#spelling);
    this.tell({ event: "note", line: text });
  };
}
