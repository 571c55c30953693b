/**
 * Makes the N-th call of ONNX Runtime fail, and counts native objects independently of the code
 * under test. It changes the library for the whole process.
 * @module
 */
import assert from "node:assert/strict";
import { openLibrary } from "../../ffi/library.ts";
import { liveHandles } from "../../ffi/owned_pointer.ts";
import { OrtError } from "../../ffi/status.ts";
import { ParataaError } from "../../src/errors.ts";

type Call = (...parameters: unknown[]) => unknown;
type Calls = Record<string, Call>;

/** Functions that create native objects, by the function that releases them. */
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

/** Which calls fail. */
export interface CallFault {
  /** Number of the call, from 1. */
  at: number;
  /** Whether all later calls fail too. */
  persistent: boolean;
}

/** The changed library of this process. */
export class FaultyLibrary {
  /** Number of calls since the last fault was planned. */
  calls = 0;
  /** Number of faults, without those in {@link pardoned} calls. */
  failed = 0;
  /** First function that failed since the last fault was planned. */
  firstFailed: string | undefined;
  /** Whether faults are not counted: for a run that ends with an error of its own in any case. */
  pardoned = false;
  /** Names of all functions called. */
  readonly names: Set<string> = new Set();
  readonly #ledger = new Map<string, number>();
  #fault: CallFault = { at: 0, persistent: false };

  /** Opens the library and wraps every function. */
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

  /** Plans the next fault and resets the counters. */
  plan(fault: CallFault): void {
    this.#fault = fault;
    this.calls = this.failed = 0;
    this.firstFailed = undefined;
    this.pardoned = false;
  }

  /** Asserts that no native object is alive. */
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

  /**
   * Fails the call if it is planned. Releasing never fails: it returns void in C, or frees a
   * string.
   */
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

/** Whether an error is an injected fault, or has one as its cause. */
export function isInjected(error: unknown): boolean {
  if (error instanceof OrtError) return error.ortMessage === "injected";
  return error instanceof ParataaError && isInjected(error.cause);
}
