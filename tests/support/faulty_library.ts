/**
 * ONNX Runtime whose N-th call fails, and a ledger of native objects that is kept apart from the
 * code under test. For a process of its own: the library stays changed.
 * @module
 */
import assert from "node:assert/strict";
import { openLibrary } from "../../ffi/library.ts";
import { liveHandles } from "../../ffi/owned_pointer.ts";
import { OrtError } from "../../ffi/status.ts";
import { ParataaError } from "../../src/errors.ts";

type Call = (...parameters: unknown[]) => unknown;
type Calls = Record<string, Call>;

/** What makes a native object, by the function that releases it. */
const RELEASED_BY: Record<string, string> = {
  CreateEnv: "ReleaseEnv",
  CreateCpuMemoryInfo: "ReleaseMemoryInfo",
  CreateSession: "ReleaseSession",
  CreateSessionFromArray: "ReleaseSession",
  CreateSessionOptions: "ReleaseSessionOptions",
  CreateRunOptions: "ReleaseRunOptions",
  CreateTensorWithDataAsOrtValue: "ReleaseValue",
  CreateIoBinding: "ReleaseIoBinding",
  SessionGetInputTypeInfo: "ReleaseTypeInfo",
  SessionGetOutputTypeInfo: "ReleaseTypeInfo",
  GetTensorTypeAndShape: "ReleaseTensorTypeAndShapeInfo",
  SessionGetModelMetadata: "ReleaseModelMetadata",
  GetAvailableProviders: "ReleaseAvailableProviders",
};
const RELEASES = new Set(Object.values(RELEASED_BY));

/** When calls fail. */
export interface CallFault {
  /** Which call, from 1. */
  at: number;
  /** All calls from there on. */
  persistent: boolean;
}

/** The library of the process, changed. */
export class FaultyLibrary {
  /** Calls since the last fault was planned. */
  calls = 0;
  /** Faults that were met, those of {@link pardoned} calls left out. */
  failed = 0;
  /** Function that failed first since the last fault was planned. */
  firstFailed: string | undefined;
  /**
   * While it is set, faults are not counted: for a run that ends with a reason of its own whatever
   * happens to it.
   */
  pardoned = false;
  /** Every function that was called. */
  readonly names: Set<string> = new Set();
  readonly #ledger = new Map<string, number>();
  #fault: CallFault = { at: 0, persistent: false };

  /** Opens the library and puts the counter and the ledger around every function. */
  constructor() {
    const { api } = openLibrary();
    const { nonblocking } = api;
    for (const [name, call] of Object.entries(api as unknown as Calls)) {
      if (name !== "nonblocking") Object.assign(api, { [name]: this.#around(name, call) });
    }
    for (const [name, call] of Object.entries(nonblocking as unknown as Calls)) {
      Object.assign(nonblocking, { [name]: this.#aroundNonblocking(name, call) });
    }
  }

  /** Plans the next fault and counts anew. */
  plan(fault: CallFault): void {
    this.#fault = fault;
    this.calls = this.failed = 0;
    this.firstFailed = undefined;
    this.pardoned = false;
  }

  /** Holds that nothing native is alive. */
  expectNothingAlive(context: string): void {
    const ours = Object.entries(liveHandles()).filter(([, count]) => count !== 0);
    const theirs = [...this.#ledger].filter(([, count]) => count !== 0);
    assert.deepEqual([ours, theirs], [[], []], context);
  }

  #around(name: string, call: Call): Call {
    return (...parameters) => {
      this.#meetFault(name);
      const result = call(...parameters);
      this.#noteResult(name, parameters);
      return result;
    };
  }

  #aroundNonblocking(name: string, call: Call): Call {
    return async (...parameters) => {
      this.#meetFault(name);
      await call(...parameters);
      this.#noteResult(name, parameters);
    };
  }

  /** Releasing never fails: it returns void in C, or frees a string. */
  #meetFault(name: string): void {
    this.names.add(name);
    if (RELEASES.has(name) || name === "AllocatorFree") return;
    this.calls++;
    const { at, persistent } = this.#fault;
    if (this.calls !== at && !(persistent && at > 0 && this.calls > at)) return;
    if (!this.pardoned) this.failed++;
    this.firstFailed ??= name;
    throw new OrtError(1, "injected", name);
  }

  #noteResult(name: string, parameters: unknown[]): void {
    if (RELEASED_BY[name]) this.#note(RELEASED_BY[name], 1);
    if (RELEASES.has(name)) this.#note(name, -1);
    if (name === "Run") this.#note("ReleaseValue", (parameters.at(-1) as BigUint64Array).length);
  }

  #note(release: string, step: number): void {
    this.#ledger.set(release, (this.#ledger.get(release) ?? 0) + step);
  }
}

/**
 * Whether an injected fault is what the caller got, itself or as the cause of a translated error.
 */
export function isInjected(error: unknown): boolean {
  if (error instanceof OrtError) return error.ortMessage === "injected";
  return error instanceof ParataaError && isInjected(error.cause);
}
