/**
 * Every call of the C API may fail: lets call number N of a short job fail, for N = 1, 2, … until a job meets no fault, once and
 * from then on. After each job nothing native may be alive. fault_injection_test.ts runs it and reads what it prints.
 * @module
 */
import assert from "node:assert/strict";
import { openLibrary } from "../../ffi/library.ts";
import { liveHandles } from "../../ffi/owned_pointer.ts";
import { OrtError } from "../../ffi/status.ts";
import { ParataaError } from "../../src/errors.ts";
import { Environment } from "../../src/runtime/environment.ts";
import { InferenceSession } from "../../src/runtime/inference_session.ts";
import { StopSwitch } from "../../src/runtime/stop_switch.ts";
import { Tensor } from "../../src/runtime/tensor.ts";
import { castModel, scaleModel } from "../support/models.ts";

type Call = (...parameters: unknown[]) => unknown;
type Calls = Record<string, Call>;

/** The ledger, kept apart from the code under test: native objects by the function that releases them. */
const ledger = new Map<string, number>();
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

let calls = 0;
let failAt = 0;
let persistent = false;
/** Faults met outside the cancelled run, which rejects with its own reason whatever happens to it. */
let failed = 0;
let cancelling = false;
const namesSeen = new Set<string>();

function note(release: string, step: number): void {
  ledger.set(release, (ledger.get(release) ?? 0) + step);
}

/** Counts a call and throws where the plan says so. Releasing never fails: it returns void in C, or frees a string. */
function meetFault(name: string): void {
  namesSeen.add(name);
  if (RELEASES.has(name) || name === "AllocatorFree") return;
  calls++;
  if (calls === failAt || (persistent && failAt > 0 && calls > failAt)) {
    if (!cancelling) failed++;
    throw new OrtError(1, "injected", name);
  }
}

function noteResult(name: string, parameters: unknown[]): void {
  if (RELEASED_BY[name]) note(RELEASED_BY[name], 1);
  if (RELEASES.has(name)) note(name, -1);
  if (name === "Run") note("ReleaseValue", (parameters.at(-1) as BigUint64Array).length);
}

/** Puts the counter and the ledger around every function. */
function interpose(api: Calls, nonblocking: Calls): void {
  for (const [name, call] of Object.entries(api)) {
    if (name === "nonblocking") continue;
    api[name] = (...parameters) => {
      meetFault(name);
      const result = call(...parameters);
      noteResult(name, parameters);
      return result;
    };
  }
  for (const [name, call] of Object.entries(nonblocking)) {
    nonblocking[name] = async (...parameters) => {
      meetFault(name);
      await call(...parameters);
      noteResult(name, parameters);
    };
  }
}

/** An environment, two sessions, eight prepared runs, a cancelled one and two with outputs of their own. */
async function job(): Promise<void> {
  using environment = Environment.open();
  const options = {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    graphOptimizationLevel: "basic",
    logSeverityLevel: "fatal",
    enableMemPattern: true,
    enableCpuMemArena: true,
    configEntries: { "session.intra_op.allow_spinning": "0" },
    freeDimensionOverrides: { other: 2 },
  } as const;
  await using scaler = await InferenceSession.create(environment, scaleModel(), options);
  await using caster = await InferenceSession.create(environment, castModel());
  using x = new Tensor(environment, "float32", [2, 3], Float32Array.of(0, 1, 2, 3, 4, 5));
  using scale = new Tensor(environment, "float32", []);
  using y = new Tensor(environment, "float32", [2, 3]);
  using binding = scaler.bind({ x, scale }, { y });
  using stop = new StopSwitch(environment);
  stop.stop();
  stop.reset();
  for (let step = 0; step < 8; step++) {
    scale.data[0] = step;
    if (step % 2) binding.runSync(stop);
    else await binding.run({ signal: new AbortController().signal });
    assert.deepEqual([...y.data], [0, 1, 2, 3, 4, 5].map((value) => value * step));
  }
  const controller = new AbortController();
  cancelling = true;
  const cancelled = scaler.run({ x, scale }, { signal: controller.signal });
  controller.abort("enough");
  await assert.rejects(cancelled, (reason) => {
    if (reason !== "enough") throw reason;
    return true;
  });
  cancelling = false;
  using flat = new Tensor(environment, "float32", [2], Float32Array.of(1, 2));
  const { half, back } = await caster.run({ x: flat });
  using _half = half;
  using _back = back;
  assert.deepEqual(back.data, flat.data);
}

/** Runs the job with a fault at call `at`; says whether it met it. */
async function runWithFault(at: number): Promise<boolean> {
  calls = 0;
  failAt = at;
  failed = 0;
  cancelling = false;
  let caught: unknown;
  try {
    await job();
  } catch (error) {
    caught = error;
  }
  const context = `fault at call ${at}, persistent ${persistent}`;
  if (caught !== undefined || failed > 0) {
    assert.ok(involvesInjected(caught), `${context}: ${Deno.inspect(caught)}`);
  }
  const ours = Object.entries(liveHandles()).filter(([, count]) => count !== 0);
  const theirs = [...ledger].filter(([, count]) => count !== 0);
  assert.deepEqual([ours, theirs], [[], []], context);
  return calls >= at;
}

/** Whether the injected fault is what the caller got, itself or as the cause of a translated error. */
function involvesInjected(error: unknown): boolean {
  if (error instanceof OrtError) return error.ortMessage === "injected";
  return error instanceof ParataaError && involvesInjected(error.cause);
}

if (import.meta.main) {
  const { api } = openLibrary();
  interpose(api as unknown as Calls, api.nonblocking as unknown as Calls);
  for (persistent of [false, true]) {
    let points = 0;
    while (await runWithFault(points + 1)) points++;
    console.log(`${persistent ? "persistent" : "once"}: ${points} points`);
  }
  console.log([...namesSeen].sort().join(" "));
}
