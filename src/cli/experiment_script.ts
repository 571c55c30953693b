/** `experiment`: a grid of runs, what they came to, and a report. @module */
import { basename, join } from "node:path";
import { fileFault } from "../formats/file_fault.ts";
import { UsageError } from "../errors.ts";
import { checkCells, expandCells } from "../experiments/cells.ts";
import { readDefinition } from "../experiments/definition.ts";
import { dryRun, runCells } from "../experiments/run_cells.ts";
import type { Command } from "./command.ts";
import type { Flag } from "../arguments/flag.ts";
import { parseFlags } from "../arguments/parse_flags.ts";
import { givenOrShipped } from "../storage/project_path.ts";
import { printedAndDone } from "../jobs/sampling_script.ts";
import { SAMPLING_SCRIPTS } from "../jobs/sampling_scripts.ts";
import { samplingFlags } from "../arguments/script_flags.ts";

const flags = experimentFlags();

const summary = {
  name: "experiment",
  about:
    "Makes the runs that a JSON file asks for, measures each against sequential sampling, and writes\n" +
    "results.csv, plots, contact sheets and a report.html that stands alone. A second start goes on.",
  example: "deno task experiment scripts/experiments/window.json",
};

/** Flags of `experiment`. */
// deno-lint-ignore explicit-module-boundary-types -- the table's literal types carry the types of the parsed values
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
      help: "the experiment's folder; output/experiments/<name of the file> by default",
    },
    dry_run: {
      type: "boolean",
      group: "Run",
      help: "list the runs and the time that they can be expected to take, and leave",
    },
    report_only: {
      type: "boolean",
      group: "Run",
      help: "make no run: write the report of what is there",
    },
    quiet: { ...quiet, help: "print only the report's path" },
    ...{ debug, help, version },
  } as const satisfies Record<string, Flag>;
}

/**
 * Runs `experiment`.
 *
 * @throws {UsageError} on a flag, of the command line or of the file, that does not exist or is out of its range
 * @throws {FormatError} on a file that is no JSON or has a wrong type, naming line and column
 */
export async function runExperiment(args: readonly string[], signal: AbortSignal): Promise<void> {
  if (printedAndDone({ summary, flags }, args)) return;
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
  if (!values.report_only) await checkCells(cells, definition, file);
  const name = basename(file).replace(/\.json$/i, "");
  const experiment = {
    ...{ name, definition, cells, text: new TextDecoder().decode(bytes) },
    script: SAMPLING_SCRIPTS[definition.script],
    path: values.output_path ?? join("output", "experiments", name),
  };
  const options = { signal, quiet: values.quiet };
  if (values.dry_run) return await dryRun(experiment, options);
  await runCells(experiment, { ...options, reportOnly: values.report_only });
}

/** The command, for `parataa`. */
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
