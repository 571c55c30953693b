/**
 * One native run off the event loop: it can be cancelled, and everything it uses outlives it.
 * @module
 */
import type { OrtApi } from "../../ffi/ort_api.ts";
import { OwnedPointer } from "../../ffi/owned_pointer.ts";
import { OutPointer } from "../../ffi/pointer.ts";
import { OrtError } from "../../ffi/status.ts";
import { type CallQueue, inTurn } from "./providers/call_queue.ts";

/** A run to start. */
export interface NativeRun {
  /** Native objects in use: closing one of them meanwhile takes effect after the run. */
  readonly owners: readonly OwnedPointer[];
  /** Memory that the native side reads or writes until the run has ended. */
  readonly pinned: readonly unknown[];
  /** Cancels the run. */
  readonly signal: AbortSignal | undefined;
  /** Where the run waits for its turn. */
  readonly queue?: CallQueue;
  /** The native call. */
  readonly call: (runOptions: Deno.PointerValue) => Promise<void>;
}

// Reachable from here until the native call has ended, whatever the caller drops.
const inFlight = new Set<unknown>();

/**
 * Awaits a native call and keeps the memory that it uses reachable until then.
 *
 * @param memory what the call reads or writes
 * @param call starts the call
 */
export async function pinDuring<T>(memory: unknown, call: () => Promise<T>): Promise<T> {
  // A set holds an object once: two calls over the same memory need an entry each.
  const entry = [memory];
  inFlight.add(entry);
  try {
    return await call();
  } finally {
    inFlight.delete(entry);
  }
}

/**
 * Runs it. When the signal fires, ONNX Runtime is asked to stop, which it does between two nodes,
 * and the promise rejects with the signal's reason once it has; memory is never let go before.
 */
export async function runNative(api: OrtApi, run: NativeRun): Promise<void> {
  run.signal?.throwIfAborted();
  const runOptions = run.signal && createRunOptions(api);
  const terminate = () => runOptions && askToStop(api, runOptions);
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

/**
 * A listener has nobody to throw to: where asking fails, the run goes on to its end and rejects
 * with the reason then.
 */
function askToStop(api: OrtApi, runOptions: OwnedPointer): void {
  try {
    api.RunOptionsSetTerminate(runOptions.unsafeHandle);
  } catch (error) {
    if (!(error instanceof OrtError)) throw error;
  }
}

/** Options of one run or many; the caller closes them. */
export function createRunOptions(api: OrtApi): OwnedPointer {
  const out = new OutPointer();
  api.CreateRunOptions(out.cell);
  return new OwnedPointer(out.object, { kind: "RunOptions", release: api.ReleaseRunOptions });
}
