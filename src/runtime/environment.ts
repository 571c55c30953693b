/**
 * ONNX Runtime, opened: the library and the one `OrtEnv` of this process.
 * @module
 */
import { openLibrary, type OrtLibrary } from "../../ffi/library.ts";
import {
  LOG_SEVERITY_LEVELS,
  type LogSeverityLevel,
  ORT_ARENA_ALLOCATOR,
  ORT_MEM_TYPE_DEFAULT,
} from "../../ffi/ort_enums.ts";
import type { OrtApi } from "../../ffi/ort_api.ts";
import { OwnedPointer } from "../../ffi/owned_pointer.ts";
import { cString, OutPointer, pointerAt, readCString } from "../../ffi/pointer.ts";
import { RuntimeLibraryError } from "../errors.ts";

/** Options of {@link Environment.open}. */
export interface EnvironmentOptions {
  /** Path of libonnxruntime; by default it is searched for, see docs/permissions.md. */
  libraryPath?: string;
  /**
   * Lowest severity of messages that ONNX Runtime prints to stderr. Default "fatal", because its
   * errors are thrown as exceptions. Only the first environment of a process sets it.
   */
  logSeverityLevel?: LogSeverityLevel;
}

/**
 * The `OrtEnv` of a process, shared by its environments and sessions, and released with the last
 * reference.
 */
class SharedEnvironment {
  static current: SharedEnvironment | undefined;
  readonly library: OrtLibrary;
  readonly env: OwnedPointer;
  readonly cpuMemory: OwnedPointer;
  readonly logSeverityLevel: LogSeverityLevel;
  #references = 0;

  constructor(library: OrtLibrary, logSeverityLevel: LogSeverityLevel) {
    const { api } = library;
    const out = new OutPointer();
    api.CreateEnv(LOG_SEVERITY_LEVELS[logSeverityLevel], cString("parataa"), out.cell);
    this.library = library;
    this.logSeverityLevel = logSeverityLevel;
    this.env = new OwnedPointer(out.object, { kind: "Environment", release: api.ReleaseEnv });
    try {
      api.DisableTelemetryEvents(this.env.unsafeHandle);
      api.CreateCpuMemoryInfo(ORT_ARENA_ALLOCATOR, ORT_MEM_TYPE_DEFAULT, out.cell);
    } catch (error) {
      this.env.close();
      throw error;
    }
    const release = api.ReleaseMemoryInfo;
    this.cpuMemory = new OwnedPointer(out.object, { kind: "MemoryInfo", release });
  }

  addReference(): this {
    this.#references++;
    return this;
  }

  dropReference(): void {
    if (--this.#references > 0) return;
    SharedEnvironment.current = undefined;
    this.cpuMemory.close();
    this.env.close();
  }
}

export type { SharedEnvironment };

/**
 * Returns the shared part of an environment.
 *
 * @internal
 */
export let sharedOf: (environment: Environment) => SharedEnvironment;

/**
 * Creates another environment over the same `OrtEnv`; it must be closed too.
 *
 * @internal
 */
export let shareEnvironment: (environment: Environment) => Environment;

/**
 * ONNX Runtime, ready for sessions. Several may be open at once; they share one native environment,
 * which is released after the last of them and the last of their sessions is closed.
 *
 * @example
 * ```ts
 * import { Environment } from "@parataa/parataa";
 * import assert from "node:assert/strict";
 * using environment = Environment.open();
 * assert.match(environment.version, /^1\.\d+\.\d+/);
 * assert.ok(environment.availableProviders.includes("CPUExecutionProvider"));
 * ```
 */
export class Environment implements Disposable {
  readonly #shared: SharedEnvironment;
  #closed = false;
  /** Version of ONNX Runtime, e.g. "1.30.0". */
  readonly version: string;
  /** Path or system name by which the library was opened. */
  readonly libraryPath: string;
  /** Digest of the library's file when it was opened; only for the one bundled with parataa. */
  readonly libraryDigest?: { readonly size: number; readonly sha256: string };
  /**
   * Providers that the library was compiled with; they may not work on this machine.
   */
  readonly availableProviders: readonly string[];

  static {
    sharedOf = (environment) => {
      if (environment.#closed) throw new TypeError("Environment is closed");
      return environment.#shared;
    };
    shareEnvironment = (environment) =>
      new Environment(sharedOf(environment).addReference(), environment.availableProviders);
  }

  private constructor(shared: SharedEnvironment, availableProviders: readonly string[]) {
    this.#shared = shared;
    this.version = shared.library.version;
    this.libraryPath = shared.library.path;
    this.libraryDigest = shared.library.digest;
    this.availableProviders = availableProviders;
  }

  /**
   * Finds and opens ONNX Runtime; a process opens it only once.
   *
   * @param options path of the library and severity of its messages
   * @throws {PermissionError} without `--allow-ffi`
   * @throws {RuntimeLibraryError} when no library can be opened, or another one is open in this
   * process
   */
  static open(options: EnvironmentOptions = {}): Environment {
    const { libraryPath, logSeverityLevel = "fatal" } = options;
    if (!(logSeverityLevel in LOG_SEVERITY_LEVELS)) {
      const levels = Object.keys(LOG_SEVERITY_LEVELS).join(", ");
      throw new TypeError(`logSeverityLevel is "${logSeverityLevel}", wanted one of ${levels}`);
    }
    const current = SharedEnvironment.current;
    if (current && libraryPath !== undefined && libraryPath !== current.library.path) {
      throw new RuntimeLibraryError(
        `cannot open ONNX Runtime ${libraryPath}: this process has ${current.library.path} open`,
      );
    }
    const shared = current ?? new SharedEnvironment(openLibrary(libraryPath), logSeverityLevel);
    SharedEnvironment.current = shared;
    shared.addReference();
    try {
      return new Environment(shared, readAvailableProviders(shared.library.api));
    } catch (error) {
      shared.dropReference();
      throw error;
    }
  }

  /** Closes this environment; open sessions stay usable. Can be called twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#shared.dropReference();
  }

  /** {@link close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }
}

function readAvailableProviders(api: OrtApi): string[] {
  const out = new OutPointer();
  const length = new Int32Array(1);
  api.GetAvailableProviders(out.cell, length);
  const names = out.object;
  try {
    return Array.from({ length: length[0] }, (_, i) => readCString(pointerAt(names, i)));
  } finally {
    api.ReleaseAvailableProviders(names, length[0]);
  }
}
