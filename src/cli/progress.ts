/** What a run tells while it works: a bar on a terminal, lines elsewhere, JSON on request, nothing when quiet. @module */
import { shorten } from "../text.ts";
import { printLine, printLines, tell } from "./print.ts";

/** State of one sample after a round. */
export interface RoundEvent {
  sample: number;
  samples: number;
  round: number;
  /** Highest unfinished step; the chain is solved at 0. */
  finishedIndex: number;
  timesteps: number;
  evaluations: number;
  /** Largest RMS residual of the window. */
  residual: number;
}

/** What a finished sample tells. */
export interface SampleEvent {
  sample: number;
  samples: number;
  label: string;
  rounds: number;
  nfe: number;
  timesteps: number;
  seconds: number;
}

/** Receives what happens. */
export interface Progress {
  round(event: RoundEvent): void;
  sample(event: SampleEvent): void;
  /** A line for people that belongs to no sample. */
  note(line: string): void;
  /** The end of the run; `summary` is for machines, `lines` for people. */
  done(path: string, summary: Record<string, unknown>, lines: readonly string[]): void;
}

/** Picks the form by the flags and by what standard error is. */
export function createProgress(
  options: { quiet: boolean; json: boolean; verbose?: boolean },
): Progress {
  if (options.json) return jsonProgress();
  if (options.quiet) {
    return {
      round() {},
      sample() {},
      note() {},
      done: (path) => printLine(path),
    };
  }
  return textProgress(Deno.stderr.isTerminal(), options.verbose);
}

function jsonProgress(): Progress {
  const print = (event: string, fields: object) => printLine(JSON.stringify({ event, ...fields }));
  return {
    round: (event) => print("round", event),
    sample: (event) => print("sample", event),
    note: (line) => print("note", { line }),
    done: (path, summary) => print("run", { path, ...summary }),
  };
}

const BAR_WIDTH = 24;

/** A prompt on the terminal is cut after this many characters. */
const LABEL_WIDTH = 60;

/** `1 sample`, `2 samples`. */
export function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

function textProgress(terminal: boolean, verbose = false): Progress {
  const before = terminal ? "\r\x1b[K" : "";
  let started = performance.now();
  /** Finished index of every sample in flight; of several the bar shows the first. */
  const begun = new Map<number, number>();
  return {
    round(event) {
      if (!terminal && !verbose) return;
      if (event.finishedIndex > (begun.get(event.sample) ?? event.timesteps)) {
        tell(`${sampleName(event)}: errors grow on this chain, it is solved once more`, { before });
      }
      begun.set(event.sample, event.finishedIndex);
      if (event.sample !== Math.min(...begun.keys())) return;
      if (event.round === 1) started = performance.now();
      const rate = (event.round - 1) / ((performance.now() - started) / 1000);
      if (verbose) tell(barLine(event, rate), { before });
      else tell(fit(barLine(event, rate), terminalWidth() - 1), { before, end: "" });
    },
    sample(event) {
      begun.delete(event.sample);
      const took = `${plural(event.rounds, "round")}, ${plural(event.nfe, "evaluation")}, ${
        event.seconds.toFixed(1)
      } s`;
      tell(
        `${sampleName(event)} ${shorten(event.label, LABEL_WIDTH)}: ${took} (sequential: ${
          plural(event.timesteps, "step")
        })`,
        { before },
      );
    },
    note: (line) => tell(line, { before }),
    done: (path, _summary, lines) => printLines([...lines, path]),
  };
}

function sampleName({ sample, samples }: Pick<SampleEvent, "sample" | "samples">): string {
  return `sample ${sample + 1}/${samples}`;
}

function barLine(event: RoundEvent, rate: number): string {
  const done = (event.timesteps - event.finishedIndex) / event.timesteps;
  const filled = Math.round(done * BAR_WIDTH);
  const bar = "█".repeat(filled) + "░".repeat(BAR_WIDTH - filled);
  const speed = rate > 0 ? `, ${rate.toFixed(1)}/s` : "";
  return `${event.sample + 1}/${event.samples} ${bar} step ${
    event.timesteps - event.finishedIndex
  }/${event.timesteps}, ` +
    `round ${event.round}${speed}, residual ${event.residual.toExponential(1)}`;
}

/** A line longer than the terminal would wrap, and the next one would not clear all of it. */
function fit(line: string, width: number): string {
  return line.length <= width ? line : line.slice(0, Math.max(0, width));
}

function terminalWidth(): number {
  try {
    return Deno.consoleSize().columns;
  } catch {
    return 80;
  }
}
