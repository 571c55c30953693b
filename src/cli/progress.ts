/** What a run tells while it works: a bar on a terminal, lines elsewhere, JSON on request, nothing when quiet. @module */

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
export function createProgress(options: { quiet: boolean; json: boolean }): Progress {
  if (options.json) return jsonProgress();
  if (options.quiet) {
    return {
      round() {},
      sample() {},
      note() {},
      done: (path) => console.log(path),
    };
  }
  return textProgress(Deno.stderr.isTerminal());
}

function jsonProgress(): Progress {
  const print = (event: string, fields: object) =>
    console.log(JSON.stringify({ event, ...fields }));
  return {
    round: (event) => print("round", event),
    sample: (event) => print("sample", event),
    note: (line) => print("note", { line }),
    done: (path, summary) => print("run", { path, ...summary }),
  };
}

const BAR_WIDTH = 24;

function textProgress(terminal: boolean): Progress {
  const write = (text: string) => Deno.stderr.writeSync(new TextEncoder().encode(text));
  const clear = terminal ? "\r\x1b[K" : "";
  let started = performance.now();
  return {
    round(event) {
      if (!terminal) return;
      const done = (event.timesteps - event.finishedIndex) / event.timesteps;
      const filled = Math.round(done * BAR_WIDTH);
      const bar = "█".repeat(filled) + "░".repeat(BAR_WIDTH - filled);
      const rate = event.round / ((performance.now() - started) / 1000);
      const position = `step ${event.timesteps - event.finishedIndex}/${event.timesteps}`;
      write(
        `${clear}sample ${
          event.sample + 1
        }/${event.samples} ${bar} ${position}, round ${event.round}, ` +
          `${rate.toFixed(1)} rounds/s, residual ${event.residual.toExponential(1)}`,
      );
    },
    sample(event) {
      const name = `sample ${event.sample + 1}/${event.samples}`;
      const took = `${event.rounds} rounds, ${event.nfe} evaluations, ${
        event.seconds.toFixed(1)
      } s`;
      write(`${clear}${name} ${event.label}: ${took} (sequential: ${event.timesteps} steps)\n`);
      started = performance.now();
    },
    note: (line) => write(`${clear}${line}\n`),
    done: (path, _summary, lines) => console.log([...lines, path].join("\n")),
  };
}
