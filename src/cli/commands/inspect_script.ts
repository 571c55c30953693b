/** `inspect`: describes a file or folder and checks it, without native code. @module */
import { ModelError, PermissionError, UsageError } from "../../errors.ts";
import type { Command } from "./command.ts";
import type { Flag } from "../../arguments/flag.ts";
import { forEachPath } from "../each_path.ts";
import { printHelpOrVersion } from "../help.ts";
import { inspectFile } from "../../diagnostics/inspect/file_report.ts";
import { inspectFolder } from "../../diagnostics/inspect/folder_report.ts";
import { isFaultless, type Report, reportLines } from "../../diagnostics/inspect/report.ts";
import { fileFault } from "../../formats/file_fault.ts";
import { hubHint, isHubName } from "../../storage/hub_name.ts";
import { withProgramName } from "../program_name.ts";
import { parseFlags } from "../../arguments/parse_flags.ts";
import { printLine, printLines } from "../print.ts";
import { givenOrProjectFile } from "../../storage/project_path.ts";
import { SESSION_FLAGS } from "../../arguments/flags/session_flags.ts";

const flags = {
  tensors: { type: "boolean", group: "Output", help: "list every tensor with its type and shape" },
  no_hash: { type: "boolean", group: "Output", help: "skip the SHA-256 of the files" },
  part: {
    type: "string",
    value: "KEY",
    group: "Model",
    help: "dict of a PyTorch checkpoint to list [averaged weights such as ema first]",
  },
  ...SESSION_FLAGS,
} as const satisfies Record<string, Flag>;

const summary = {
  name: "inspect",
  about:
    "Describes a file or folder: a PyTorch checkpoint, safetensors or an index of shards, an " +
    "ONNX network, npy, PNG, JPEG, JSON, a model folder or a run. Executes no native code and " +
    "nothing from the file.",
  example: "deno task inspect models/dit-emoji",
};

/**
 * Runs `inspect`: prints the report, then fails if the file is damaged or unusable.
 *
 * @throws {FormatError} when a file violates its format
 * @throws {ModelError} when a model lacks an input, output or file that sampling needs
 */
export async function runInspect(args: readonly string[], signal: AbortSignal): Promise<void> {
  if (printHelpOrVersion({ summary, flags }, args)) return;
  const { values, operands } = parseFlags(flags, args, { mostOperands: Infinity });
  const needs = { message: "inspect needs a file or a folder", hint: summary.example };
  await forEachPath(operands, needs, (path) => inspectPath(path, values, signal));
}

type Values = ReturnType<typeof parseFlags<typeof flags>>["values"];

async function inspectPath(given: string, values: Values, signal: AbortSignal): Promise<void> {
  const options = { tensors: values.tensors, hash: !values.no_hash, part: values.part, signal };
  const path = await givenOrProjectFile(given);
  const folder = await isFolder(path);
  const report = await (folder ? inspectFolder(path, options) : inspectFile(path, options));
  const { resume } = report.facts;
  if (typeof resume === "string") report.facts.resume = withProgramName(resume);
  if (values.json) {
    printLine(JSON.stringify({ event: "inspect", sound: isFaultless(report), ...report }));
  } else printLines(reportLines(report));
  if (!isFaultless(report)) throw faultyReport(report);
}

async function isFolder(path: string): Promise<boolean> {
  try {
    const { isDirectory, isFile } = await Deno.stat(path);
    if (isDirectory || isFile) return isDirectory;
  } catch (cause) {
    if (cause instanceof Deno.errors.NotCapable) {
      throw new PermissionError(`cannot read ${path}`, { hint: cause.message, cause });
    }
    const hint = isHubName(path) ? hubHint(path) : undefined;
    throw cause instanceof Deno.errors.NotFound
      ? new UsageError(`there is no file or folder ${path}`, { hint, cause })
      : new UsageError(`${path} cannot be read: ${fileFault(cause)}`, { cause });
  }
  throw new UsageError(`${path} is neither a file nor a folder`);
}

function faultyReport(report: Report): ModelError {
  const faults = faultsOf(report);
  const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : "";
  return new ModelError(`${report.path} cannot be used: ${faults[0]}${more}`);
}

function faultsOf({ problems, contract, parts = [] }: Report): string[] {
  const own = contract && !contract.met ? [contract.why ?? "the contract is not met"] : [];
  return [...problems, ...own, ...parts.flatMap(faultsOf)];
}

/** The `inspect` command. */
export const inspectCommand: Command = { flags, run: runInspect };
