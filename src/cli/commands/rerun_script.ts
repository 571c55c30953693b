/** `rerun`: repeats a run from its manifest and compares every byte. @module */
import { PermissionError, VerificationError } from "../../errors.ts";
import { type Repetition, rerunRun } from "../../jobs/rerun_run.ts";
import type { Difference, FileComparison } from "../../runs/compare_runs.ts";
import { describeHost } from "../../runs/host.ts";
import type { Command, Run } from "./command.ts";
import { ditFlags } from "../../arguments/flags/dit_flags.ts";
import type { Flag } from "../../arguments/flag.ts";
import { type ParsedFlags, parseFlags } from "../../arguments/parse_flags.ts";
import { givenOverrides } from "../../arguments/record.ts";
import { plural } from "../../text.ts";
import { forEachPath } from "../each_path.ts";
import { printHelpOrVersion } from "../help.ts";
import { withFlagNames } from "../main.ts";
import { printLine, printLines } from "../print.ts";
import { createProgress, type Progress } from "../progress.ts";
import { watchRun } from "../watch_run.ts";

const flags = rerunFlags();

const summary = {
  name: "rerun",
  about: "Repeats a run from its manifest in a new folder and compares the bytes of every file.",
  example: "deno task rerun output/DiT-2026-11-23-01-02-18",
};

/** Maximum number of files that an error names; the rest is counted. */
const MAX_NAMED = 3;

/** Flags of `rerun`: settings that may differ from the recorded ones. */
// deno-lint-ignore explicit-module-boundary-types -- literal types give the types of parsed values
export function rerunFlags() {
  const { model_path, vae_path, provider, ort_lib, threads, output_path, ...rest } = ditFlags();
  const { default: _, ...modelPath } = model_path;
  const { quiet, json, debug, help, version } = rest;
  return {
    model_path: { ...modelPath, help: "model folder (default: the recorded one)" },
    vae_path,
    provider,
    ort_lib,
    output_path: { ...output_path, help: "folder in which the new run folder is created" },
    threads,
    ...{ quiet, json, debug, help, version },
  } as const satisfies Record<string, Flag>;
}

/**
 * Runs `rerun`.
 *
 * @throws {VerificationError} when a byte differs, naming the files and the differences of the
 *   setup
 * @throws {FormatError} when the recorded run is damaged or was never finished
 */
export const runRerun: Run = withFlagNames(async (args, signal) => {
  if (printHelpOrVersion({ summary, flags }, args)) return;
  const line = parseFlags(flags, args, { mostOperands: Infinity });
  const needs = { message: "rerun needs the folder of a run", hint: summary.example };
  await forEachPath(line.operands, needs, (path) => rerunFolder(path, line, signal));
});

async function rerunFolder(
  path: string,
  { values, given }: ParsedFlags<typeof flags>,
  signal: AbortSignal,
): Promise<void> {
  await requireProcessor();
  const overrides = { ...givenOverrides(flags, values, given), outputPath: values.output_path };
  const progress = createProgress(values);
  const repetition = await watchRun(
    { signal, progress },
    (options) => rerunRun(path, overrides, options),
  );
  report(repetition, { ...values, progress });
}

/**
 * Requests the permission before the run, which takes minutes: without it a different processor
 * could not be reported.
 */
async function requireProcessor(): Promise<void> {
  if ((await describeHost()).cpu !== undefined) return;
  const { state } = await Deno.permissions.query({ name: "sys", kind: "cpus" });
  if (state === "granted") return; // the system does not report it
  throw new PermissionError("rerun cannot read the processor model", {
    hint: 'Requires sys access to "cpus", run again with the --allow-sys flag',
  });
}

interface Reported {
  quiet: boolean;
  json: boolean;
  progress: Progress;
}

function report(
  { path, recorded, run, files, differences, verified: equal }: Repetition,
  { quiet, json, progress }: Reported,
): void {
  progress.done(run);
  if (json) {
    printLine(JSON.stringify({ event: "rerun", path, verified: equal, files, differences }));
  } else if (!quiet) {
    // Differences of the setup are irrelevant if all bytes are equal.
    printLines(lines(files, equal ? [] : differences));
  }
  if (equal) return;
  const { different } = files;
  const named = different.slice(0, MAX_NAMED).join(", ");
  const more = different.length > MAX_NAMED ? ` and ${different.length - MAX_NAMED} more` : "";
  throw new VerificationError(
    `${different.length} of ${Object.keys(recorded.outputs).length} files of ${path} differ: ` +
      `${named}${more}; ${differencesText(differences)}`,
    { hint: "use the recorded setup, or check the run with deno task verify" },
  );
}

function lines(
  { equal, different, added }: FileComparison,
  differences: readonly Difference[],
): string[] {
  const notIn = added.length ? `; ${plural(added.length, "file")} that the run did not have` : "";
  return [
    `${equal.length} of ${plural(equal.length + different.length, "file")} byte-identical${notIn}`,
    ...different.map((name) => `differs: ${name}`),
    ...differences.map(({ what, recorded, here }) => `${what}: was ${recorded}, now ${here}`),
  ];
}

function differencesText(differences: readonly Difference[]): string {
  if (differences.length === 0) {
    return "versions, library, model, processor, threads and arguments are the recorded ones";
  }
  return differences.map(({ what, recorded, here }) => `${what} was ${recorded}, now ${here}`)
    .join(", ");
}

/** The `rerun` command. */
export const rerunCommand: Command = { flags, run: runRerun };
