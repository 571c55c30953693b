/**
 * The device that needs no Worker: a session of this thread, whose runs are off the event loop.
 * @module
 */
import { ParataaError } from "../errors.ts";
import { callFault, DeviceFault } from "./device_fault.ts";
import { type DeviceLink, GRACE_MS, within } from "./device_link.ts";
import type { Environment } from "../runtime/environment.ts";
import type { InferenceSession } from "../runtime/inference_session.ts";
import type { IoBindingRunOptions } from "../runtime/io_binding.ts";
import { giveUpTurn } from "../runtime/providers/call_queue.ts";
import type { Provider } from "../runtime/providers/provider_row.ts";
import type { TensorMetadata } from "../runtime/model_metadata.ts";
import type { RowMemory } from "./rows/row_memory.ts";
import { type RowCall, RowPlans } from "./rows/row_plans.ts";

/**
 * A session as a device. It cannot be killed: a run that does not end when it is asked is lost with
 * its device.
 */
export class LocalLink implements DeviceLink {
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
  readonly #plans: RowPlans;
  readonly #provider: Provider;
  #stop: AbortController | undefined;
  #call: Promise<void> | undefined;

  /** @param session stays the caller's to close */
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
    // Calls of other sessions may come first: their time is not this call's.
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
      if (error !== undefined) throw faultOf(error, stop.signal);
      const survived = await within(GRACE_MS, running, () => "late").then(
        () => true,
        (reason) => reason !== "late",
      );
      if (!survived) giveUpTurn(this.#provider);
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

/** A mistake of ours is no fault of the device. */
function faultOf(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return callFault("it was stopped");
  return error instanceof ParataaError ? callFault(error.message) : error;
}
