/**
 * Progress of a run: a bar on a terminal, lines elsewhere, JSON with `--json`, nothing with
 * `--quiet`.
 * @module
 */
import { plural } from "../text.ts";
import type { RoundEvent, RunEvent, SampleEvent } from "../jobs/progress.ts";
import type { RunFigures, RunResult } from "../jobs/run_result.ts";
import { shorten } from "../text.ts";
import { printLine, printLines, printStatus } from "./print.ts";

/** Prints run events. */
export interface Progress {
  /** Prints an event. */
  show(event: RunEvent): void;
  /** Reports the end of the run. */
  done(result: RunResult): void;
}

/** Chooses the form by the flags and by whether standard error is a terminal. */
export function createProgress(
  options: { quiet: boolean; json: boolean; verbose?: boolean },
): Progress {
  if (options.json) return jsonProgress(options);
  if (options.quiet) return { show() {}, done: ({ path }) => printLine(path) };
  return textProgress(Deno.stderr.isTerminal(), options);
}

function jsonProgress({ verbose }: { verbose?: boolean }): Progress {
  const print = (event: object) => printLine(JSON.stringify(event));
  return {
    show(event) {
      if (event.event === "start" || (event.event === "detail" && !verbose)) return;
      print(event.event === "detail" ? { ...event, event: "note" } : event);
    },
    done: ({ path, figures }) => print({ event: "run", path, ...figures }),
  };
}

const BAR_WIDTH = 24;

/** Maximum length of a prompt in the output. */
const LABEL_WIDTH = 60;

function textProgress(terminal: boolean, { verbose = false }: { verbose?: boolean }): Progress {
  const before = terminal ? "\r\x1b[K" : "";
  const bar = new Bar(before);
  return {
    show(event) {
      switch (event.event) {
        case "round":
          if (terminal || verbose) bar.show(event, verbose);
          break;
        case "start":
          bar.forget();
          break;
        case "sample":
          bar.forget(event.sample);
          printStatus(sampleText(event), { before });
          break;
        case "note":
          printStatus(event.line, { before });
          break;
        case "detail":
          if (verbose) printStatus(event.line, { before });
      }
    },
    done: ({ path, figures }) => printLines([figuresLine(figures), path]),
  };
}

/** Progress bar of the first of the samples being solved. */
class Bar {
  #started = performance.now();
  /** Finished index of every sample being solved. */
  readonly #begun = new Map<number, number>();

  /**
   * @param before escape sequence that clears the previous line
   */
  constructor(private readonly before: string) {}

  show(event: RoundEvent, whole: boolean): void {
    const { sample, round, finishedIndex, timesteps } = event;
    const { before } = this, begun = this.#begun;
    if (finishedIndex > (begun.get(sample) ?? timesteps)) {
      const line = `${sampleName(event)}: errors grow on this chain, it is solved once more`;
      printStatus(line, { before });
    }
    begun.set(sample, finishedIndex);
    if (sample !== Math.min(...begun.keys())) return;
    if (round === 1) this.#started = performance.now();
    const line = barLine(event, (round - 1) / ((performance.now() - this.#started) / 1000));
    if (whole) printStatus(line, { before });
    else printStatus(truncateLine(line, terminalWidth() - 1), { before, end: "" });
  }

  /** Removes a finished sample, or all. */
  forget(sample?: number): void {
    if (sample === undefined) this.#begun.clear();
    else this.#begun.delete(sample);
  }
}

function sampleText(event: SampleEvent): string {
  const { rounds, nfe, seconds, timesteps } = event;
  const took = `${plural(rounds, "round")}, ${plural(nfe, "evaluation")}, ${seconds.toFixed(1)} s`;
  return `${sampleName(event)} ${shorten(event.label, LABEL_WIDTH)}: ${took} (sequential: ${
    plural(timesteps, "step")
  })`;
}

function figuresLine(figures: RunFigures): string {
  const { samples, rounds, nfe, timesteps, unconverged, doubtful } = figures;
  const stopped = unconverged
    ? `; ${unconverged} stopped by --max_steps before the chain was solved`
    : "";
  const doubted = doubtful ? `; ${doubtful} not trusted, check with verify` : "";
  return `${plural(samples, "sample")}, mean ${rounds.toFixed(1)} rounds and ${
    nfe.toFixed(1)
  } evaluations ` +
    `(sequential: ${plural(timesteps, "step")}, one after another)${stopped}${doubted}`;
}

function sampleName({ sample, samples }: Pick<SampleEvent, "sample" | "samples">): string {
  return `sample ${sample + 1}/${samples}`;
}

function barLine(event: RoundEvent, rate: number): string {
  const done = (event.timesteps - event.finishedIndex) / event.timesteps;
  const speed = rate > 0 ? `, ${rate.toFixed(1)}/s` : "";
  return `${event.sample + 1}/${event.samples} ${progressBar(done)} step ${
    event.timesteps - event.finishedIndex
  }/${event.timesteps}, ` +
    `round ${event.round}${speed}, residual ${event.residual.toExponential(1)}`;
}

/** A bar filled to a fraction from 0 to 1. */
export function progressBar(done: number): string {
  const filled = Math.round(done * BAR_WIDTH);
  return "█".repeat(filled) + "░".repeat(BAR_WIDTH - filled);
}

/** Truncates a line to the terminal width: a wrapped line could not be cleared. */
export function truncateLine(line: string, width: number): string {
  return line.length <= width ? line : line.slice(0, Math.max(0, width));
}

/** Width of the terminal in columns. */
export function terminalWidth(): number {
  try {
    return Deno.consoleSize().columns;
  } catch {
    return 80;
  }
}
