/** Progress events and cancellation of a run. @module */
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

/** Sent when a sample is finished and its files are written. */
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
  /** Whether the solver trusts the sample; a note gives the reason if not. */
  trusted: boolean;
}

/** A line of text for the user that belongs to no sample; `detail` lines are for verbose output. */
export interface NoteEvent {
  /** Kind of the event. */
  event: "note" | "detail";
  /** One line of text. */
  line: string;
}

/** Sent when the run folder exists, before the first sample. */
export interface StartEvent {
  /** Kind of the event. */
  event: "start";
  /** Kind of the run. */
  task: Task;
  /** Folder of the run. */
  path: string;
  /** Hash of the denoiser network. */
  modelSha256: string;
}

/** Sent when a sample has been compared with sequential sampling. */
export type VerifiedSampleEvent = { event: "verified_sample" } & VerifiedSample;

/** Any progress event of a run. */
export type RunEvent = RoundEvent | SampleEvent | NoteEvent | StartEvent | VerifiedSampleEvent;

/** Options to observe and cancel a run. */
export interface WatchOptions {
  /** Cancels the run: it throws the signal's reason, and its folder can be resumed. */
  signal?: AbortSignal;
  /** Receives every event in order; an exception ends the run. */
  onProgress?: (event: RunEvent) => void;
  /** Spelling of settings in notes; that of the library by default. */
  spelling?: Spelling;
  /**
   * Adds a note after the first sample if sequential sampling would be faster. Measuring takes 5%
   * of the sample's time.
   */
  advise?: boolean;
}

/** Watch options with their defaults filled in. */
export class Watch {
  readonly signal: AbortSignal;
  /** Sends an event to the observer. */
  readonly emit: (event: RunEvent) => void;

  /** Whether to add the note on faster sequential sampling. */
  readonly advise: boolean;
  readonly #spelling: Spelling;

  /** Without options, events are dropped and nothing cancels the run. */
  constructor(options: WatchOptions = {}) {
    const { signal = new AbortController().signal, onProgress = () => {} } = options;
    const { spelling = (setting) => setting, advise = false } = options;
    this.signal = signal;
    this.emit = onProgress;
    this.advise = advise;
    this.#spelling = spelling;
  }

  /** Sends a note for the user. */
  readonly note = (line: Wording): void => {
    const text = typeof line === "string" ? line : line(this.#spelling);
    this.emit({ event: "note", line: text });
  };
}
