/** Describes a run folder: finished, in progress or stopped. @module */
import { join } from "node:path";
import { FormatError } from "../../errors.ts";
import { taskOf } from "../../arguments/tasks.ts";
import { plural, shown } from "../../text.ts";

import { checkOutputs, readFinishedRun, readRunManifest } from "../../runs/finished_run.ts";
import type { Manifest } from "../../runs/manifest.ts";
import { lockHolder } from "../../runs/run_lock.ts";
import { finishedOutputs } from "../../runs/unfinished_run.ts";
import { fileFact } from "./file_fact.ts";
import type { InspectOptions, Report } from "./report.ts";

/**
 * Describes a run folder.
 *
 * @throws {FormatError} when the manifest or a file of a finished run is damaged
 */
export async function inspectRun(path: string, options: InspectOptions): Promise<Report> {
  // Check the lock first: a run that ends in the meantime is then read as finished.
  const holder = await lockHolder(path);
  const { status } = await readRunManifest(path);
  const report = status === "complete"
    ? inspectedRun(path, await readFinishedRun(path))
    : await unfinishedRun(path, holder);
  return { ...report, files: [await fileFact(join(path, "manifest.json"), options)] };
}

/** Report of a finished run, from its manifest. */
export function inspectedRun(path: string, manifest: Manifest): Report {
  const what = `finished run of ${shown(manifest.script)}, every file as its manifest says`;
  return { ...runReport(path, manifest), what };
}

/** Progress of an unfinished run, and the command that resumes it if no process is writing it. */
async function unfinishedRun(path: string, holder: string | undefined): Promise<Report> {
  const manifest = await readRunManifest(path);
  const { script, status, samples, samplesWanted, error } = manifest;
  const far = samplesWanted === undefined
    ? `${plural(samples.length, "sample")} finished`
    : `${samples.length} of ${plural(samplesWanted, "sample")} finished`;
  const state = holder ? `in progress (${holder})` : STATES[status] ?? "unfinished";
  const report = runReport(path, manifest);
  const task = taskOf(script);
  if (error) report.facts.error = `${error.code}: ${error.message}`;
  if (!holder && task) report.facts.resume = `deno task ${task} --resume ${path}`;
  const problems = await checkOutputs(path, finishedOutputs(manifest)).then(
    () => [],
    formatProblems,
  );
  return { ...report, what: `run of ${shown(script)}, ${state}: ${far}`, problems };
}

const STATES: Readonly<Record<string, string>> = {
  running: "unfinished, its process is gone",
  interrupted: "interrupted",
  failed: "failed",
};

function formatProblems(error: unknown): string[] {
  if (error instanceof FormatError) return [error.message];
  throw error;
}

function runReport(path: string, manifest: Manifest): Report {
  const { started, samples, outputs, model, versions, provider } = manifest;
  return {
    path,
    kind: "run",
    what: "",
    files: [],
    facts: {
      status: manifest.status,
      started,
      samples: samples.length,
      rounds: samples.map(({ rounds }) => rounds).join(", "),
      model: `${model.name} (${model.path})`,
      versions: Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(", "),
      provider,
      files: Object.keys(outputs).length,
    },
    problems: [],
  };
}
