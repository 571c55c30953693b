/**
 * Appends an execution provider to the options of a session.
 * @module
 */
import { minorOf } from "../../../ffi/bind_api.ts";
import { captureStderr } from "../../../ffi/captured_stderr.ts";
import { LOG_SEVERITY_LEVELS } from "../../../ffi/ort_enums.ts";
import { OrtError } from "../../../ffi/status.ts";
import { type Environment, type SharedEnvironment, sharedOf } from "../environment.ts";
import { appendPlugin } from "./append_routes.ts";
import { optionProblem } from "./option_checks.ts";
import { registerPlugin } from "./plugin_library.ts";
import { describeProviderFailure, providerUnavailable } from "./provider_failure.ts";
import type { AppendTarget, Provider, ProviderOptions, ProviderRow } from "./provider_row.ts";
import { PROVIDERS } from "./provider_table.ts";

/** Provider of a session, by default the CPU, and its options. */
export type ProviderChoice = ProviderOptions & { readonly provider?: Provider };

/**
 * Appends the provider to the options of a session.
 *
 * @throws {RuntimeLibraryError} naming the missing part
 * @throws {UsageError} naming an option that ONNX Runtime refuses
 */
export function appendProvider(
  shared: SharedEnvironment,
  sessionOptions: Deno.PointerObject,
  options: ProviderChoice,
): void {
  const { library: { api }, env } = shared;
  const target = { api, env: env.unsafeHandle, sessionOptions };
  const row = PROVIDERS[options.provider ?? "cpu"];
  if (options.providerLibrary === undefined) requireSafeVersion(row, shared.library.version);
  const work = () => append(target, row, options);
  const failure = row.failures.length > 0 ? observe(shared, row, work) : attempt(work);
  if (!failure) return;
  const { error, log } = failure;
  if (!(error instanceof OrtError)) throw error;
  throw describeProviderFailure(row, { message: error.ortMessage, log, cause: error });
}

/**
 * Refuses a built-in provider of a version of ONNX Runtime in which it can end the process.
 *
 * @throws {RuntimeLibraryError} naming the version and the wanted one
 */
export function requireSafeVersion(row: ProviderRow, version: string): void {
  const { oldestBuiltIn = 0 } = row;
  if (minorOf(version) >= oldestBuiltIn) return;
  throw providerUnavailable(row, `that of ONNX Runtime ${version} can end the process`, {
    hint: `--ort_lib must name version 1.${oldestBuiltIn} or newer; without --ort_lib, the npm ` +
      "package's library is used",
  });
}

interface Failure {
  readonly error: unknown;
  /** Text printed to stderr. */
  readonly log: string;
}

function attempt(work: () => void): Failure | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return { error, log: "" };
  }
}

/** Text printed by a failed provider: some print it only once in a process. */
const printed = new Map<ProviderRow, string>();

/** Calls `work`. If it fails, calls it again with ONNX Runtime's errors captured. */
function observe(
  shared: SharedEnvironment,
  row: ProviderRow,
  work: () => void,
): Failure | undefined {
  const { library: { api }, env, logSeverityLevel } = shared;
  const first = captureStderr(work, { forward: logSeverityLevel !== "fatal" });
  if (!("error" in first)) return undefined;
  const setLevel = (level: number) => api.UpdateEnvWithCustomLogLevel(env.unsafeHandle, level);
  setLevel(LOG_SEVERITY_LEVELS.error);
  const second = captureStderr(work, { forward: false });
  setLevel(LOG_SEVERITY_LEVELS[logSeverityLevel]);
  const log = first.text + second.text || printed.get(row) || "";
  printed.set(row, log);
  return { error: first.error, log };
}

/** Registers the plugin of a Worker's session, which must happen before the Worker starts. */
export function preparePlugin(environment: Environment, options: ProviderChoice): void {
  const { provider = "cpu", providerLibrary } = options;
  const row = PROVIDERS[provider];
  if (providerLibrary === undefined || !row.plugin) return;
  const { library: { api }, env } = sharedOf(environment);
  registerPlugin({ api, env: env.unsafeHandle }, row, { ...options, providerLibrary });
}

function append(target: AppendTarget, row: ProviderRow, options: ProviderChoice): void {
  const { providerLibrary } = options;
  if (providerLibrary !== undefined && row.plugin) {
    appendPlugin(target, row, { ...options, providerLibrary });
  } else if (row.append) row.append(target, row, options);
  else throw providerUnavailable(row, "it is a plugin", { hint: row.packages });
}

/** Describes an error in the provider's options or device; `undefined` if there is none. */
export function providerOptionsProblem(options: ProviderChoice): string | undefined {
  const { provider = "cpu", providerOptions = {}, providerLibrary, deviceId } = options;
  const row = PROVIDERS[provider];
  if (providerLibrary !== undefined && !row.plugin) return "providerLibrary has no effect here";
  if (deviceId !== undefined && !row.ids.pattern.test(String(deviceId))) {
    return `deviceId is ${JSON.stringify(deviceId)}, wanted ${row.ids.wanted}`;
  }
  const table = providerLibrary === undefined ? row : row.plugin!;
  for (const [name, value] of Object.entries(providerOptions)) {
    const problem = optionProblem(table.options, name, value);
    if (problem !== undefined) return `providerOptions.${name} ${problem}`;
  }
  return undefined;
}
