/** `experiment`: runs a grid of flags and writes a report. @module */
import { basename, join } from "node:path";
import { fileFault } from "../../formats/file_fault.ts";
import { NumericalError, UsageError } from "../../errors.ts";
import { checkCells, expandCells } from "../../experiments/cells.ts";
import { readDefinition } from "../../experiments/definition.ts";
import { duration } from "../../experiments/estimate.ts";
import {
  estimateRuns,
  type Experiment,
  runCells,
  type RunCellsOptions,
} from "../../experiments/run_cells.ts";
import { plural } from "../../text.ts";
import type { RunEvent, WatchOptions } from "../../jobs/progress.ts";
import type { Command, Run } from "./command.ts";
import type { Flag } from "../../arguments/flag.ts";
import { parseFlags } from "../../arguments/parse_flags.ts";
import { givenOrShipped } from "../../storage/project_path.ts";
import { printHelpOrVersion } from "../help.ts";
import { flagged, Interrupted } from "../main.ts";
import { printLine } from "../print.ts";
import { createProgress } from "../progress.ts";
import { asFlag } from "../../arguments/setting_names.ts";
import { samplingFlags } from "../../arguments/flags/script_flags.ts";

const flags = experimentFlags();

const summary = {
  name: "experiment",
  about: "Runs the experiment of a JSON file, compares every run with sequential sampling, and " +
    "writes results.csv, plots, contact sheets and a self-contained report.html. A stopped " +
    "experiment resumes when started again.",
  example: "deno task experiment scripts/experiments/window.json",
};

/** Flags of `experiment`. */
// deno-lint-ignore explicit-module-boundary-types -- literal types give the types of parsed values
export function experimentFlags() {
  const { output_path, quiet, debug, help, version } = samplingFlags({
    timesteps: 1,
    maxTimesteps: 1,
    order: 1,
    modelPath: "",
  });
  const { default: _, ...outputPath } = output_path;
  return {
    output_path: {
      ...outputPath,
      help: "folder of the experiment (default: output/experiments/<name of the file>)",
    },
    dry_run: {
      type: "boolean",
      group: "Run",
      help: "list the runs and the time they are expected to take, and exit",
    },
    report_only: {
      type: "boolean",
      group: "Run",
      help: "start no run; write the report of the finished runs",
    },
    quiet: { ...quiet, help: "print only the path of the report" },
    ...{ debug, help, version },
  } as const satisfies Record<string, Flag>;
}

/**
 * Runs `experiment`.
 *
 * @throws {UsageError} on an unknown flag or a value out of range, on the command line or in the
 *   file
 * @throws {FormatError} when the file is not JSON or a value has a wrong type, naming line and
 *   column
 * @throws {NumericalError} at the end, if a run failed with NaN
 */
export const runExperiment: Run = flagged(async (args, signal) => {
  if (printHelpOrVersion({ summary, flags }, args)) return;
  const { values, operands: [file] } = parseFlags(flags, args, { mostOperands: 1 });
  if (file === undefined) {
    throw new UsageError("experiment needs a JSON file", { hint: summary.example });
  }
  if (values.dry_run && values.report_only) {
    throw new UsageError("--dry_run and --report_only are given, wanted at most one of them");
  }
  const bytes = await readFile(file);
  const definition = readDefinition(bytes, file);
  const cells = await expandCells(definition, file);
  if (!values.report_only) await checkCells(cells, file);
  const name = basename(file).replace(/\.json$/i, "");
  const experiment = {
    ...{ name, definition, cells, text: new TextDecoder().decode(bytes) },
    path: values.output_path ?? join("output", "experiments", name),
  };
  const options = { signal, onProgress: printer(values.quiet), spelling: asFlag };
  if (values.dry_run) return await printEstimates(experiment, options);
  await makeRuns(experiment, { ...options, reportOnly: values.report_only });
});

async function printEstimates(experiment: Experiment, options: WatchOptions): Promise<void> {
  let left = 0, present = 0;
  for await (const { name, there, seconds } of estimateRuns(experiment, options)) {
    if (there) present++;
    left += seconds;
    printLine(`${(there ? "finished" : `about ${duration(seconds)}`).padEnd(12)}  ${name}`);
  }
  const runs = plural(experiment.cells.all.length, "run");
  printLine(`${runs}, ${present} finished; about ${duration(left)} left`);
}

async function makeRuns(experiment: Experiment, options: RunCellsOptions): Promise<void> {
  const { report, failed } = await runCells(experiment, options).catch((error) => {
    if (error instanceof Interrupted) error.hint = "start it again to resume";
    throw error;
  });
  printLine(report);
  const [first] = failed;
  if (first === undefined) return;
  const runs = plural(experiment.cells.all.length, "run");
  throw new NumericalError(
    `${failed.length} of ${runs} failed, first ${first.name}: ${first.message}`,
  );
}

/**
 * Prints experiment events: a progress bar for the current run on a terminal, and each note once.
 */
function printer(quiet: boolean): (event: RunEvent) => void {
  const progress = createProgress({ quiet, json: false });
  const told = new Set<string>();
  return (event) => {
    if (event.event === "note") {
      if (told.has(event.line)) return;
      told.add(event.line);
    }
    if (event.event !== "sample") progress.tell(event);
  };
}

/** The `experiment` command. */
export const experimentCommand: Command = { flags, run: runExperiment };

async function readFile(file: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(await givenOrShipped(file));
  } catch (cause) {
    if (cause instanceof Deno.errors.NotCapable) throw cause;
    const isFolder = cause instanceof Deno.errors.IsADirectory;
    throw new UsageError(`${file} cannot be read: ${fileFault(cause)}`, {
      hint: isFolder ? "the folder of an experiment holds its file as experiment.json" : undefined,
      cause,
    });
  }
}
