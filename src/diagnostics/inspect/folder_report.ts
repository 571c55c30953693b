/** Describes a folder: a model, a part of a model, or a run. @module */
import { join } from "node:path";
import { ModelError, ParataaError, PermissionError } from "../../errors.ts";
import { ClipTokenizer } from "../../models/tokenizer/clip_tokenizer.ts";
import { type ClassNames, readClassNames } from "../../models/class_names.ts";
import { ModelFolder } from "../../models/model_folder.ts";
import { flowFacts, readFlowSchedulerFile } from "../../models/schedulers/flow_scheduler.ts";
import { readSchedulerFile, schedulerFacts } from "../../models/schedulers/scheduler_file.ts";
import { readTextScheduler } from "../../pipelines/text_scheduler.ts";
import { shownValue } from "../../text.ts";
import { inspectFile } from "./file_report.ts";
import { inspectOnnx } from "./onnx_report.ts";
import type { InspectOptions, Report } from "./report.ts";
import { inspectRun } from "./run_report.ts";

/** Files with a part's weights in order of preference; the others are alternative formats. */
const WEIGHTS = /^(model(_fp16)?\.onnx|.*\.index\.json|.*\.(safetensors|bin|pt|pth))$/;

/** Maximum number of listed classes. */
const MAX_CLASSES = 50;

/**
 * Describes a folder.
 *
 * @throws {ModelError} when it is of an unknown kind
 */
export async function inspectFolder(path: string, options: InspectOptions): Promise<Report> {
  const names = await namesOf(path);
  if (names.files.includes("manifest.json")) return await inspectRun(path, options);
  if (names.files.includes("model_index.json")) return await inspectModel(path, options);
  const weights = weightsOf(names.files);
  if (weights.length > 0) return await inspectPart(path, weights, options);
  throw new ModelError(
    `${path} is no folder that inspect knows: it has none of model_index.json (a model), ` +
      "manifest.json (a run), model.onnx or *.safetensors (a part of a model)",
    { hint: "name a file in it, or the folder above" },
  );
}

async function namesOf(path: string): Promise<{ files: string[]; folders: string[] }> {
  const names = { files: [] as string[], folders: [] as string[] };
  try {
    for await (const { name } of Deno.readDir(path)) {
      const { isDirectory } = await Deno.stat(join(path, name));
      names[isDirectory ? "folders" : "files"].push(name);
    }
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotCapable)) throw cause;
    throw new PermissionError(`cannot read ${path}`, { hint: cause.message, cause });
  }
  return { files: names.files.sort(), folders: names.folders.sort() };
}

function weightsOf(files: readonly string[]): string[] {
  const found = files.filter((name) => WEIGHTS.test(name));
  const onnx = found.filter((name) => name.endsWith(".onnx"));
  if (onnx.length > 0) return onnx;
  const index = found.find((name) => name.endsWith(".index.json"));
  return index ? [index] : found.slice(0, 1);
}

async function inspectPart(
  path: string,
  weights: readonly string[],
  options: InspectOptions,
): Promise<Report> {
  const parts: Report[] = [];
  for (const name of weights) parts.push(await inspectFile(join(path, name), options));
  return { path, kind: "part", what: "part of a model", files: [], facts: {}, parts, problems: [] };
}

async function inspectModel(path: string, options: InspectOptions): Promise<Report> {
  const folder = await ModelFolder.open(path, { networks: [] });
  const problems: string[] = [];
  const notes: string[] = [];
  const facts: Report["facts"] = { name: folder.name, class: shownValue(folder.index._class_name) };
  if (folder.vaePath !== path) facts.vae = `shared, ${folder.vaePath}`;
  try {
    const scheduler = await readScheduler(folder);
    Object.assign(facts, scheduler.facts);
    notes.push(...scheduler.notes);
  } catch (error) {
    problems.push(messageOf(error));
  }
  try {
    if (folder.index.id2label !== undefined) facts.classes = classText(readClassNames(folder));
    if ((await namesOf(path)).folders.includes("tokenizer")) {
      const { vocabSize, maxLength } = await ClipTokenizer.load(join(path, "tokenizer"), {
        read: (name) => folder.read(`tokenizer/${name}`),
      });
      facts.tokenizer = `CLIP, ${vocabSize} ids, rows of ${maxLength}`;
    }
  } catch (error) {
    problems.push(messageOf(error));
  }
  const { parts, missing } = await inspectParts(path, options);
  return {
    ...{ path, kind: "model_folder", what: "model folder", files: [], facts, parts, notes },
    problems: [...problems, ...missing],
  };
}

async function readScheduler(
  folder: ModelFolder,
): Promise<{ facts: Report["facts"]; notes: readonly string[] }> {
  const { kind } = folder;
  if (kind === "flow") {
    const scheduler = await readFlowSchedulerFile(folder);
    return { facts: flowFacts(scheduler), notes: scheduler.notes };
  }
  const scheduler = kind === "dit"
    ? await readSchedulerFile(folder, { kind })
    : await readTextScheduler(folder);
  return { facts: schedulerFacts(scheduler), notes: scheduler.notes };
}

/** Names of the first classes by number; all of them could be thousands. */
function classText(classes: ClassNames): string {
  const names = classes.slice(0, MAX_CLASSES).map(([name], number) => `${number} ${name}`);
  const more = classes.length > MAX_CLASSES ? ", …; dit --list_classes prints them all" : "";
  return `${classes.length}: ${names.join(", ")}${more}`;
}

/** Reports of the parts of a model. A part that cannot be read is a problem of the model. */
async function inspectParts(
  path: string,
  options: InspectOptions,
): Promise<{ parts: Report[]; missing: string[] }> {
  const parts: Report[] = [];
  const missing: string[] = [];
  for (const folder of (await namesOf(path)).folders) {
    for (const name of weightsOf((await namesOf(join(path, folder))).files)) {
      options.signal.throwIfAborted();
      const file = join(path, folder, name);
      try {
        parts.push(
          name.endsWith(".onnx")
            ? await inspectOnnx(file, options)
            : await inspectFile(file, options),
        );
      } catch (error) {
        missing.push(messageOf(error));
      }
    }
  }
  if (missing.length === 0 && !parts.some(({ kind }) => kind === "onnx")) {
    missing.push(
      parts.length === 0
        ? "no networks in its folders"
        : "none of its networks is ONNX - `convert dit` and `convert sd` make ONNX networks of weights",
    );
  }
  return { parts, missing };
}

function messageOf(error: unknown): string {
  if (!(error instanceof ParataaError) || error instanceof PermissionError) throw error;
  return error.message + (error.hint ? ` - ${error.hint}` : "");
}
