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
   * Least severe messages that ONNX Runtime prints to stderr. Default "fatal": its errors come back
   * as exceptions, printing them too would say everything twice. Only the first environment of a
   * process decides.
   */
  logSeverityLevel?: LogSeverityLevel;
}

/**
 * What the environments and sessions of a process share. OrtEnv is one per process; it goes with
 * the last reference.
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
 * For the rest of this folder: what an environment shares.
 *
 * @internal
 */
export let sharedOf: (environment: Environment) => SharedEnvironment;

/**
 * For the rest of this folder: another environment over the same native one, to be closed on its
 * own.
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
  /** Path or system name that the library was opened by. */
  readonly libraryPath: string;
  /** Digest of the library's file when it was opened; only of the one that ships with parataa. */
  readonly libraryDigest?: { readonly size: number; readonly sha256: string };
  /**
   * Providers that the library was compiled with; being listed does not mean that one works here.
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
   * Finds and opens ONNX Runtime, unless this process has it open already.
   *
   * @param options where the library is and how much it prints
   * @throws {PermissionError} without `--allow-ffi`
   * @throws {RuntimeLibraryError} when no library can be opened, or another one is open in this
   * process
   */
  static open(options: EnvironmentOptions = {}): Environment {
    const { libraryPath, logSeverityLevel = "fatal" } = options;
    if (!(logSeverityLevel in LOG_SEVERITY_LEVELS)) {
      const levels = Object.keys(LOG_SEVERITY_LEVELS).join(", ");
      throw new TypeError(`logSeverityLevel is "${logSeverityLevel}"; want one of ${levels}`);
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

  /** Gives up this environment; sessions that are open stay usable. Closing twice is fine. */
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
