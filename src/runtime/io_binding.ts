/**
 * A prepared run: inputs and outputs bound once, run many times.
 * @module
 */
import type { OrtApi } from "../../ffi/ort_api.ts";
import { OwnedPointer } from "../../ffi/owned_pointer.ts";
import { cString, OutPointer } from "../../ffi/pointer.ts";
import { checkAlive, checkBuffers, checkFeeds, checkFetches } from "./feed_check.ts";
import type { TensorMetadata } from "./model_metadata.ts";
import { runNative } from "./native_run.ts";
import { type CallQueue, inTurn } from "./providers/call_queue.ts";
import type { ProviderRow } from "./providers/provider_row.ts";
import { type StopSwitch, switchOptions } from "./stop_switch.ts";
import { type Tensor, valueOf } from "./tensor.ts";

/**
 * The parts of a session that a binding uses.
 *
 * @internal
 */
export interface BindingHost {
  readonly api: OrtApi;
  readonly handle: OwnedPointer;
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
  readonly row: ProviderRow;
  /** Queue of the provider, if its calls must not overlap. */
  readonly queue: CallQueue | undefined;
  /** Registers a run, for which the session waits when it is closed. */
  readonly track: <T>(run: Promise<T>) => Promise<T>;
}

/** Options of {@link IoBinding.run}. */
export interface IoBindingRunOptions {
  /** Cancels the run, which rejects with the signal's reason when ONNX Runtime has stopped. */
  signal?: AbortSignal;
  /**
   * Called when the native run starts, which may be after runs of other sessions.
   *
   * @ignore
   */
  onStart?: () => void;
}

interface BoundTensor {
  readonly role: string;
  readonly name: string;
  readonly tensor: Tensor;
}

/**
 * Inputs and outputs bound to a session by {@link InferenceSession.bind}. Write to the inputs'
 * `data`, run, and read the outputs' `data`. The CPU provider allocates and copies nothing; other
 * providers copy the inputs to their device before each run. It is closed with its session.
 */
export class IoBinding implements Disposable {
  readonly #host: BindingHost;
  readonly #handle: OwnedPointer;
  // The native binding uses the memory of these tensors, which must stay reachable.
  readonly #pinnedTensors: readonly BoundTensor[];
  #running = false;

  /**
   * @internal
   * @param host the session
   * @param inputs a tensor for every input
   * @param outputs tensors for the outputs wanted
   */
  constructor(
    host: BindingHost,
    inputs: Readonly<Record<string, Tensor>>,
    outputs: Readonly<Record<string, Tensor>>,
  ) {
    checkFeeds(host.inputs, inputs);
    checkFetches(host.outputs, outputs);
    checkBuffers(host.row, { ...inputs, ...outputs });
    this.#host = host;
    this.#pinnedTensors = [
      ...Object.entries(inputs).map(([name, tensor]) => ({ role: "input", name, tensor })),
      ...Object.entries(outputs).map(([name, tensor]) => ({ role: "output", name, tensor })),
    ];
    this.#handle = createBinding(host);
    try {
      this.#bindOnce();
    } catch (error) {
      this.#handle.close();
      throw error;
    }
  }

  /**
   * Runs without blocking the event loop.
   *
   * @throws {TypeError} when the binding or its session is closed, or a run of this binding is
   * under way
   * @throws {OrtError} when ONNX Runtime fails
   */
  run(options: IoBindingRunOptions = {}): Promise<void> {
    return this.#host.track(this.#run(options));
  }

  /**
   * Runs synchronously, for Workers and benchmarks. Throws the errors of {@link IoBinding.run}.
   *
   * @ignore
   * @param stop a switch by which another thread can stop the run
   */
  runSync(stop?: StopSwitch): void {
    this.#checkReady();
    const { api, handle, queue } = this.#host;
    if (queue) throw new TypeError("runs of this provider take turns; use run()");
    this.#bindInputsAgain(this.#handle.unsafeHandle);
    const options = stop ? switchOptions(stop) : null;
    api.RunWithBinding(handle.unsafeHandle, options, this.#handle.unsafeHandle);
  }

  /** Releases the binding, after a run that has started. Can be called twice. */
  close(): void {
    this.#handle.close();
  }

  /** {@link close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  async #run({ signal, onStart }: IoBindingRunOptions): Promise<void> {
    this.#checkReady();
    const { api, handle, queue } = this.#host;
    const session = handle.unsafeHandle;
    const binding = this.#handle.unsafeHandle;
    this.#running = true;
    try {
      await runNative(api, {
        owners: [handle, this.#handle],
        pinned: [this],
        signal,
        queue,
        call: (runOptions) => {
          onStart?.();
          this.#bindInputsAgain(binding);
          return api.nonblocking.RunWithBinding(session, runOptions, binding);
        },
      });
    } finally {
      this.#running = false;
    }
  }

  #checkReady(): void {
    void this.#host.handle.unsafeHandle;
    void this.#handle.unsafeHandle;
    if (this.#running) throw new TypeError("IoBinding is running already; wait for that run");
    for (const { role, name, tensor } of this.#pinnedTensors) checkAlive(role, name, tensor);
  }

  /** Binds the tensors that need no copy to a device; each run binds the others. */
  #bindOnce(): void {
    const { copiesInputs } = this.#host.row;
    for (const bound of this.#pinnedTensors) {
      if (bound.role === "output" || !copiesInputs) this.#bind(this.#handle.unsafeHandle, bound);
    }
  }

  #bindInputsAgain(binding: Deno.PointerObject): void {
    if (!this.#host.row.copiesInputs) return;
    for (const bound of this.#pinnedTensors) if (bound.role === "input") this.#bind(binding, bound);
  }

  #bind(binding: Deno.PointerObject, { role, name, tensor }: BoundTensor): void {
    const { api } = this.#host;
    const bind = role === "input" ? api.BindInput : api.BindOutput;
    bind(binding, cString(name), valueOf(tensor).unsafeHandle);
  }
}

function createBinding({ api, handle, queue }: BindingHost): OwnedPointer {
  const out = new OutPointer();
  api.CreateIoBinding(handle.unsafeHandle, out.cell);
  // Queued, because releasing may free memory of the device.
  const release = (pointer: Deno.PointerObject) =>
    void inTurn(queue, () => api.ReleaseIoBinding(pointer));
  return new OwnedPointer(out.object, { kind: "IoBinding", release, parent: handle });
}
