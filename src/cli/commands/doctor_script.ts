/** `doctor`: checks the library, the providers and a model. @module */
import { resolve } from "node:path";
import { UsageError } from "../../errors.ts";
import { Environment } from "../../runtime/environment.ts";
import type { Command, Run } from "./command.ts";
import {
  cudaOptionsOf,
  PROVIDER_FLAGS,
  providerSettings,
} from "../../arguments/flags/cuda_flags.ts";
import { checkProviderOptions } from "../../arguments/flags/provider_options.ts";
import { chooseProvider } from "../../jobs/execution/choose_provider.ts";
import { attempt, type Check, checkEvent, checkLines } from "../../diagnostics/doctor/check.ts";
import { checkDevices } from "../../diagnostics/doctor/device_check.ts";
import { checkLibrary } from "../../diagnostics/doctor/library_check.ts";
import { checkModel } from "../../diagnostics/doctor/model_check.ts";
import { checkPermissions } from "../../diagnostics/doctor/permission_check.ts";
import { checkProviders } from "../../diagnostics/doctor/provider_check.ts";
import type { Flag } from "../../arguments/flag.ts";
import { refuseIgnored } from "../../arguments/ignored_flags.ts";
import { printHelpOrVersion, versionText } from "../help.ts";
import { withFlagNames } from "../main.ts";
import { grantedLine, withPermissionLine } from "../permission_hint.ts";
import { DOCTOR } from "../../arguments/permissions.ts";
import { withProgramName } from "../program_name.ts";
import { parseFlags } from "../../arguments/parse_flags.ts";
import { printLine, printLines } from "../print.ts";
import { givenOrProjectFile } from "../../storage/project_path.ts";
import { SESSION_FLAGS } from "../../arguments/flags/session_flags.ts";

const flags = {
  model_path: {
    type: "string",
    value: "DIR",
    short: "m",
    group: "Model",
    help: "model folder to open, run and time (default: none)",
  },
  fp16: { type: "boolean", group: "Model", help: "use the folder's model_fp16.onnx files" },
  ...PROVIDER_FLAGS,
  threads: {
    type: "integer",
    min: 1,
    max: 1024,
    group: "Run",
    help: "threads per network call (default: all cores)",
  },
  ...SESSION_FLAGS,
} as const satisfies Record<string, Flag>;

const summary = {
  name: "doctor",
  about:
    "Checks which ONNX Runtime and which providers work on this machine, and reports what is " +
    "missing and how to get it. With a model: opens it, compares two rows in one call with " +
    "single calls, and times batches.",
  example: "deno task doctor --model_path models/dit-emoji",
};

/**
 * Runs `doctor`: prints every check, then throws the error of the first failed one.
 *
 * @throws {UsageError} on an invalid flag
 * @throws {PermissionError} without `--allow-ffi`, or if the model may not be read
 * @throws {RuntimeLibraryError} when no library opens, or the requested provider does not work
 * @throws {ModelError} when the model cannot be opened or its rows depend on each other
 */
export const runDoctor: Run = withFlagNames(async (args, signal) => {
  if (printHelpOrVersion({ summary, flags }, args)) return;
  const { values, given } = parseFlags(flags, args);
  const forModel = ["fp16", "threads"].find((name) => given.has(name));
  if (forModel !== undefined && values.model_path === undefined) {
    throw new UsageError(`--${forModel} is for --model_path, which is not given`);
  }
  refuseIgnored(values, given);
  // Validates the options before anything is printed.
  void cudaOptionsOf(providerSettings(values));
  checkProviderOptions(values.provider, providerSettings(values));
  const checks: Check[] = [];
  for await (const found of examine(values, signal)) {
    const hint = found.hint && withProgramName(withPermissionLine(found.hint, args));
    const check = { ...found, hint };
    checks.push(check);
    if (!values.json) printLines(checkLines(check));
  }
  const failed = checks.filter(({ state }) => state === "fail");
  if (values.json) {
    const ok = failed.length === 0;
    printLine(JSON.stringify({ event: "doctor", ok, checks: checks.map(checkEvent) }));
  }
  if (failed[0]?.error) throw failed[0].error;
});

type Values = ReturnType<typeof parseFlags<typeof flags>>["values"];

async function* examine(values: Values, signal: AbortSignal): AsyncGenerator<Check> {
  const settings = { ...providerSettings(values), provider: values.provider };
  yield machine();
  yield* await checkPermissions(DOCTOR, `run ${grantedLine("doctor")}`);
  const libraryPath = values.ort_lib === undefined ? undefined : resolve(values.ort_lib);
  const library = await attempt("library", () => checkLibrary(libraryPath));
  yield library;
  if (library.state === "fail") return;
  using env = Environment.open({ libraryPath });
  yield await checkDevices(env, settings);
  const providers = await checkProviders(env, settings);
  yield* providers;
  if (values.model_path === undefined || providers.some(({ state }) => state === "fail")) return;
  const { session } = await chooseProvider(env, { ...settings, threads: values.threads });
  const options = { fp16: values.fp16, session };
  const path = await givenOrProjectFile(values.model_path);
  yield* await checkModel(env, { path, options, signal });
}

function machine(): Check {
  const { os, arch } = Deno.build;
  const cores = navigator.hardwareConcurrency;
  return {
    name: "machine",
    state: "ok",
    text: `${os} ${arch}, ${cores} cores, ${versionText()}`,
    data: { os, arch, cores, deno: Deno.version.deno },
  };
}

/** The `doctor` command. */
export const doctorCommand: Command = { flags, run: runDoctor };
