/**
 * A device without a Worker: a session on this thread, whose runs do not block the event loop.
 * @module
 */
import { ParataaError } from "../errors.ts";
import { callFault, DeviceFault } from "./device_fault.ts";
import { type DeviceLink, GRACE_MS, within } from "./device_link.ts";
import type { Environment } from "../runtime/environment.ts";
import type { InferenceSession } from "../runtime/inference_session.ts";
import type { IoBindingRunOptions } from "../runtime/io_binding.ts";
import { abandonCall } from "../runtime/providers/call_queue.ts";
import type { Provider } from "../runtime/providers/provider_row.ts";
import type { TensorMetadata } from "../runtime/model_metadata.ts";
import type { RowMemory } from "./rows/row_memory.ts";
import { type RowCall, RowPlans } from "./rows/row_plans.ts";

/** A session as a device. If a run does not stop, the device is lost: it cannot be terminated. */
export class LocalLink implements DeviceLink {
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
  readonly #plans: RowPlans;
  readonly #provider: Provider;
  #stop: AbortController | undefined;
  #call: Promise<void> | undefined;

  /** @param session must be closed by the caller */
  constructor(environment: Environment, session: InferenceSession) {
    this.inputs = session.inputs;
    this.outputs = session.outputs;
    this.#provider = session.provider;
    this.#plans = new RowPlans(environment, session);
  }

  async run(memory: RowMemory, call: RowCall, deadlineMs: number): Promise<number> {
    let started = performance.now();
    const stop = this.#stop = new AbortController();
    const late = () => {
      stop.abort();
      return undefined;
    };
    // The call may wait for other sessions; that time is not counted.
    const begun = Promise.withResolvers<void>();
    const onStart = () => {
      started = performance.now();
      begun.resolve();
    };
    const running = this.#call = this.#run(memory, call, { signal: stop.signal, onStart });
    const forget = () => this.#call = undefined;
    running.then(forget, forget);
    try {
      await Promise.race([begun.promise, running]);
      await within(deadlineMs, running, late);
    } catch (error) {
      if (error !== undefined) throw callError(error, stop.signal);
      const survived = await within(GRACE_MS, running, () => "late").then(
        () => true,
        (reason) => reason !== "late",
      );
      if (!survived) abandonCall(this.#provider);
      const seconds = (deadlineMs / 1000).toFixed(1);
      throw new DeviceFault("hang", `did not answer within ${seconds} s`, { survived });
    }
    return performance.now() - started;
  }

  stop(): void {
    this.#stop?.abort();
  }

  forget(memoryId: number): void {
    this.#plans.forget(memoryId);
  }

  abandon(): boolean {
    this.stop();
    return this.#call === undefined;
  }

  async close(): Promise<boolean> {
    this.stop();
    await within(GRACE_MS, this.#call ?? Promise.resolve(), () => undefined).catch(() => {});
    this.#plans.close();
    return this.#call === undefined;
  }

  async #run(memory: RowMemory, call: RowCall, options: IoBindingRunOptions): Promise<void> {
    const plan = this.#plans.plan(memory, call);
    plan.load(memory, call);
    await plan.binding.run(options);
    plan.store(memory, call);
  }
}

/** The fault of the device, or the error itself if it is a bug in parataa. */
function callError(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return callFault("it was stopped");
  return error instanceof ParataaError ? callFault(error.message) : error;
}
