/**
 * Options of a session and their native form.
 * @module
 */
import type { OrtApi } from "../../ffi/ort_api.ts";
import {
  GRAPH_OPTIMIZATION_LEVELS,
  type GraphOptimizationLevel,
  LOG_SEVERITY_LEVELS,
  type LogSeverityLevel,
} from "../../ffi/ort_enums.ts";
import { OwnedPointer } from "../../ffi/owned_pointer.ts";
import { cString, OutPointer } from "../../ffi/pointer.ts";
import { type Environment, sharedOf } from "./environment.ts";
import { appendProvider, providerOptionsProblem } from "./providers/append_provider.ts";
import type { Provider, ProviderOptions } from "./providers/provider_row.ts";
import { PROVIDER_NAMES } from "./providers/provider_table.ts";

/** Options of {@link InferenceSession.create}; the others have ONNX Runtime's defaults. */
export interface SessionOptions extends ProviderOptions {
  /**
   * Execution provider, default "cpu". If it is unavailable, creating the session fails; there is
   * no silent fallback to the CPU.
   */
  provider?: Provider;
  /** Threads inside one operator; 0, the default, means one per core. */
  intraOpNumThreads?: number;
  /** Threads across operators; 0, the default, lets ONNX Runtime choose. */
  interOpNumThreads?: number;
  /** Level of graph optimisation, default "all". */
  graphOptimizationLevel?: GraphOptimizationLevel;
  /** Lowest severity of messages printed to stderr; default the environment's. */
  logSeverityLevel?: LogSeverityLevel;
  /** Whether memory is planned ahead for repeated shapes, default true. */
  enableMemPattern?: boolean;
  /** Whether CPU memory comes from an arena, default true. */
  enableCpuMemArena?: boolean;
  /** Entries of ONNX Runtime's session configuration, by its own keys. */
  configEntries?: Record<string, string>;
  /** Fixed sizes for symbolic dimensions, by name. */
  freeDimensionOverrides?: Record<string, number>;
}

/**
 * The native form of the options; the caller closes it.
 *
 * @throws {TypeError} when an option is none of the allowed values
 * @throws {RangeError} when a number is out of range
 * @throws {RuntimeLibraryError} if the provider is unavailable
 */
export function createSessionOptions(
  environment: Environment,
  options: SessionOptions,
): OwnedPointer {
  checkOptions(options);
  const shared = sharedOf(environment);
  const { library: { api } } = shared;
  const out = new OutPointer();
  api.CreateSessionOptions(out.cell);
  const release = api.ReleaseSessionOptions;
  const owner = new OwnedPointer(out.object, { kind: "SessionOptions", release });
  try {
    applyOptions(api, owner.unsafeHandle, options);
    appendProvider(shared, owner.unsafeHandle, options);
  } catch (error) {
    owner.close();
    throw error;
  }
  return owner;
}

function applyOptions(api: OrtApi, native: Deno.PointerObject, options: SessionOptions): void {
  const { intraOpNumThreads, interOpNumThreads, graphOptimizationLevel, logSeverityLevel } =
    options;
  if (intraOpNumThreads !== undefined) api.SetIntraOpNumThreads(native, intraOpNumThreads);
  if (interOpNumThreads !== undefined) api.SetInterOpNumThreads(native, interOpNumThreads);
  if (graphOptimizationLevel !== undefined) {
    const level = GRAPH_OPTIMIZATION_LEVELS[graphOptimizationLevel];
    api.SetSessionGraphOptimizationLevel(native, level);
  }
  if (logSeverityLevel !== undefined) {
    api.SetSessionLogSeverityLevel(native, LOG_SEVERITY_LEVELS[logSeverityLevel]);
  }
  if (options.enableMemPattern === true) api.EnableMemPattern(native);
  if (options.enableMemPattern === false) api.DisableMemPattern(native);
  if (options.enableCpuMemArena === true) api.EnableCpuMemArena(native);
  if (options.enableCpuMemArena === false) api.DisableCpuMemArena(native);
  for (const [key, value] of Object.entries(options.configEntries ?? {})) {
    api.AddSessionConfigEntry(native, cString(key), cString(value));
  }
  for (const [name, size] of Object.entries(options.freeDimensionOverrides ?? {})) {
    api.AddFreeDimensionOverrideByName(native, cString(name), BigInt(size));
  }
}

function checkOptions(options: SessionOptions): void {
  checkChoice("provider", options.provider, PROVIDER_NAMES);
  const problem = providerOptionsProblem(options);
  if (problem !== undefined) throw new RangeError(problem);
  checkChoice(
    "graphOptimizationLevel",
    options.graphOptimizationLevel,
    Object.keys(GRAPH_OPTIMIZATION_LEVELS),
  );
  checkChoice("logSeverityLevel", options.logSeverityLevel, Object.keys(LOG_SEVERITY_LEVELS));
  checkWhole("intraOpNumThreads", options.intraOpNumThreads, 0);
  checkWhole("interOpNumThreads", options.interOpNumThreads, 0);
  for (const [name, size] of Object.entries(options.freeDimensionOverrides ?? {})) {
    checkWhole(`freeDimensionOverrides["${name}"]`, size, 1);
  }
}

function checkChoice(name: string, value: string | undefined, allowed: readonly string[]): void {
  if (value === undefined || allowed.includes(value)) return;
  throw new TypeError(`${name} is "${value}", wanted one of ${allowed.join(", ")}`);
}

const MAX_INT32 = 2 ** 31 - 1;

function checkWhole(name: string, value: number | undefined, minimum: number): void {
  if (value === undefined) return;
  if (Number.isInteger(value) && value >= minimum && value <= MAX_INT32) return;
  throw new RangeError(
    `${name} is ${value}, wanted a whole number from ${minimum} to ${MAX_INT32}`,
  );
}
