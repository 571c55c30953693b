/** `experiment`: runs a grid of flags and writes a report. @module */
import { basename, join } from "node:path";
import { fileFault } from "../../formats/file_fault.ts";
import { BusyError, NumericalError, PermissionError, UsageError } from "../../errors.ts";
import { checkCells, expandCells } from "../../experiments/cells.ts";
import { readDefinition } from "../../experiments/definition.ts";
import { duration } from "../../experiments/estimate.ts";
import type { Experiment } from "../../experiments/experiment.ts";
import { makePart, type OpenRun, selectCells } from "../../experiments/part.ts";
import { estimateRuns, runCells, type RunCellsOptions } from "../../experiments/run_cells.ts";
import { hostName } from "../../runs/host.ts";
import { plural } from "../../text.ts";
import type { RunEvent, WatchOptions } from "../../jobs/progress.ts";
import type { Command, Run } from "./command.ts";
import type { Flag } from "../../arguments/flag.ts";
import { parseFlags } from "../../arguments/parse_flags.ts";
import { givenOrProjectFile } from "../../storage/project_path.ts";
import { printHelpOrVersion } from "../help.ts";
import { Interrupted, withFlagNames } from "../main.ts";
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
    shard: {
      type: "string",
      value: "I/N",
      group: "Run",
      help: "make the I-th of N parts of the runs and no report; parts may run at once",
    },
    only: {
      type: "string",
      value: "RUN",
      group: "Run",
      help: "make the run of this name (see --list) and no report",
    },
    list: {
      type: "boolean",
      group: "Run",
      help: "print the names of the runs, one a line, and exit",
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
export const runExperiment: Run = withFlagNames(async (args, signal) => {
  if (printHelpOrVersion({ summary, flags }, args)) return;
  const { values, operands: [file] } = parseFlags(flags, args, { mostOperands: 1 });
  if (file === undefined) {
    throw new UsageError("experiment needs a JSON file", { hint: summary.example });
  }
  refuseTogether(values, ["dry_run", "list", "report_only"]);
  refuseTogether(values, ["shard", "only", "report_only"]);
  const bytes = await readFile(file);
  const definition = readDefinition(bytes, file);
  const all = await expandCells(definition, file);
  const cells = { ...all, all: selectCells(all.all, values) };
  if (values.list) return cells.all.forEach(({ id }) => printLine(id));
  if (!values.report_only) await checkCells(cells, file);
  const name = basename(file).replace(/\.json$/i, "");
  const experiment = {
    ...{ name, definition, cells, text: new TextDecoder().decode(bytes) },
    path: values.output_path ?? join("output", "experiments", name),
  };
  const options = { signal, onProgress: printer(values.quiet), spelling: asFlag };
  if (values.dry_run) return await printEstimates(experiment, options);
  if (!values.report_only) await requireHost();
  if (values.shard ?? values.only) return await runPart(experiment, options);
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

/** Requests the permission before the first run: the lock of each run names the host. */
async function requireHost(): Promise<void> {
  if (await hostName() !== undefined) return;
  throw new PermissionError("experiment cannot read the name of the host", {
    hint: 'Requires sys access to "hostname", run again with the --allow-sys flag',
  });
}

async function makeRuns(experiment: Experiment, options: RunCellsOptions): Promise<void> {
  const result = await runCells(experiment, options).catch(resumeHint);
  printLine(result.report);
  refuseOpen(result, experiment);
}

async function runPart(experiment: Experiment, options: WatchOptions): Promise<void> {
  const result = await makePart(experiment, experiment.cells.all, options).catch(resumeHint);
  for (const path of result.paths) printLine(path);
  refuseOpen(result, experiment);
}

function resumeHint(error: unknown): never {
  if (error instanceof Interrupted) error.hint = "start it again to resume";
  throw error;
}

/** Ends with an error if runs failed or are left to other processes. */
function refuseOpen(
  { failed, busy }: { failed: readonly OpenRun[]; busy: readonly OpenRun[] },
  { cells }: Experiment,
): void {
  const runs = plural(cells.all.length, "run");
  const first = ([{ name, message }]: readonly OpenRun[]) => `first ${name}: ${message}`;
  if (failed.length > 0) {
    throw new NumericalError(`${failed.length} of ${runs} failed, ${first(failed)}`);
  }
  if (busy.length > 0) {
    throw new BusyError(`${busy.length} of ${runs} are made by others, ${first(busy)}`, {
      hint: "start it again later",
    });
  }
}

function refuseTogether(values: Readonly<Record<string, unknown>>, names: readonly string[]): void {
  const given = names.filter((name) => values[name]).map((name) => `--${name}`);
  if (given.length < 2) return;
  throw new UsageError(`${given.join(" and ")} are given, wanted at most one of them`);
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
    if (event.event !== "sample") progress.show(event);
  };
}

/** The `experiment` command. */
export const experimentCommand: Command = { flags, run: runExperiment };

async function readFile(file: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(await givenOrProjectFile(file));
  } catch (cause) {
    if (cause instanceof Deno.errors.NotCapable) throw cause;
    const isFolder = cause instanceof Deno.errors.IsADirectory;
    throw new UsageError(`${file} cannot be read: ${fileFault(cause)}`, {
      hint: isFolder ? "the folder of an experiment holds its file as experiment.json" : undefined,
      cause,
    });
  }
}
