/**
 * Asking ONNX Runtime for an execution provider.
 * @module
 */
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

/** What a session asks for: the CPU by default. */
export type ProviderChoice = ProviderOptions & { readonly provider?: Provider };

/**
 * Appends the provider to the options of a session.
 *
 * @throws {RuntimeLibraryError} naming what is missing
 * @throws {UsageError} naming an option that ONNX Runtime does not take
 */
export function appendProvider(
  shared: SharedEnvironment,
  sessionOptions: Deno.PointerObject,
  options: ProviderChoice,
): void {
  const { library: { api }, env } = shared;
  const target = { api, env: env.unsafeHandle, sessionOptions };
  const row = PROVIDERS[options.provider ?? "cpu"];
  const work = () => append(target, row, options);
  const failure = row.failures.length > 0 ? observe(shared, row, work) : attempt(work);
  if (!failure) return;
  const { error, log } = failure;
  if (!(error instanceof OrtError)) throw error;
  throw describeProviderFailure(row, { message: error.ortMessage, log, cause: error });
}

interface Failure {
  readonly error: unknown;
  /** What was printed. */
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

/** What a provider printed when it failed: some say it only once in a process. */
const printed = new Map<ProviderRow, string>();

/** Calls `work`; where it fails it is called again, with ONNX Runtime's errors printed too. */
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

/** Registers the plugin that a Worker's session will use: it must be there before the Worker. */
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

/** What is wrong with the provider's options and device, in words; `undefined` if nothing is. */
export function providerOptionsProblem(options: ProviderChoice): string | undefined {
  const { provider = "cpu", providerOptions = {}, providerLibrary, deviceId } = options;
  const row = PROVIDERS[provider];
  if (providerLibrary !== undefined && !row.plugin) return "providerLibrary has no effect here";
  if (deviceId !== undefined && !row.ids.pattern.test(String(deviceId))) {
    return `deviceId is ${JSON.stringify(deviceId)}; want ${row.ids.wanted}`;
  }
  const table = providerLibrary === undefined ? row : row.plugin!;
  for (const [name, value] of Object.entries(providerOptions)) {
    const problem = optionProblem(table.options, name, value);
    if (problem !== undefined) return `providerOptions.${name} ${problem}`;
  }
  return undefined;
}
