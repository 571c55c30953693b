/**
 * Native runs that do not block the event loop and can be cancelled.
 * @module
 */
import type { OrtApi } from "../../ffi/ort_api.ts";
import { OwnedPointer } from "../../ffi/owned_pointer.ts";
import { OutPointer } from "../../ffi/pointer.ts";
import { OrtError } from "../../ffi/status.ts";
import { type CallQueue, inTurn } from "./providers/call_queue.ts";

/** A run to start. */
export interface NativeRun {
  /** Native objects in use; if one is closed during the run, it is released after it. */
  readonly owners: readonly OwnedPointer[];
  /** Memory that the native side reads or writes until the run has ended. */
  readonly pinned: readonly unknown[];
  /** Cancels the run. */
  readonly signal: AbortSignal | undefined;
  /** Queue of the provider, if its calls must not overlap. */
  readonly queue?: CallQueue;
  /** The native call. */
  readonly call: (runOptions: Deno.PointerValue) => Promise<void>;
}

// Keeps memory reachable until its native call has ended.
const inFlight = new Set<unknown>();

/**
 * Awaits a native call and keeps the memory that it uses reachable until then.
 *
 * @param memory the objects that the call reads or writes
 * @param call starts the call
 */
export async function pinDuring<T>(memory: unknown, call: () => Promise<T>): Promise<T> {
  // Two calls may use the same memory, and a set holds an object only once.
  const entry = [memory];
  inFlight.add(entry);
  try {
    return await call();
  } finally {
    inFlight.delete(entry);
  }
}

/**
 * Awaits a native run. If the signal aborts, ONNX Runtime stops between two nodes, and then the
 * promise rejects with the signal's reason. Memory is kept until the run has ended.
 */
export async function runNative(api: OrtApi, run: NativeRun): Promise<void> {
  run.signal?.throwIfAborted();
  const runOptions = run.signal && createRunOptions(api);
  const terminate = () => runOptions && requestTermination(api, runOptions);
  for (const owner of run.owners) owner.addUse();
  run.signal?.addEventListener("abort", terminate, { once: true });
  try {
    const call = () => run.call(runOptions?.unsafeHandle ?? null);
    await pinDuring(run.pinned, async () => await inTurn(run.queue, call, run.signal));
  } catch (error) {
    run.signal?.throwIfAborted();
    throw error;
  } finally {
    run.signal?.removeEventListener("abort", terminate);
    for (const owner of run.owners) owner.dropUse();
    runOptions?.close();
  }
  run.signal?.throwIfAborted();
}

/** Ignores an {@link OrtError}: a listener cannot throw, and the run then rejects at its end. */
function requestTermination(api: OrtApi, runOptions: OwnedPointer): void {
  try {
    api.RunOptionsSetTerminate(runOptions.unsafeHandle);
  } catch (error) {
    if (!(error instanceof OrtError)) throw error;
  }
}

/** Creates options of runs; the caller closes them. */
export function createRunOptions(api: OrtApi): OwnedPointer {
  const out = new OutPointer();
  api.CreateRunOptions(out.cell);
  return new OwnedPointer(out.object, { kind: "RunOptions", release: api.ReleaseRunOptions });
}
