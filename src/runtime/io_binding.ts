/**
 * A prepared run: inputs and outputs bound once, run many times.
 * @module
 */
import type { OrtApi } from "../../ffi/ort_api.ts";
import { OwnedPointer } from "../../ffi/owned_pointer.ts";
import { cString, OutPointer } from "../../ffi/pointer.ts";
import { checkAlive, checkFeeds, checkFetches } from "./feed_check.ts";
import type { TensorMetadata } from "./model_metadata.ts";
import { runNative } from "./native_run.ts";
import { type StopSwitch, switchOptions } from "./stop_switch.ts";
import { type Tensor, valueOf } from "./tensor.ts";

/**
 * What a binding needs of its session.
 *
 * @internal
 */
export interface BindingHost {
  readonly api: OrtApi;
  readonly handle: OwnedPointer;
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
  /**
   * Whether the provider copies inputs to its device when they are bound, so that every run must
   * bind them anew.
   */
  readonly copiesInputs: boolean;
  /** Lets the session wait for a run when it is closed. */
  readonly track: <T>(run: Promise<T>) => Promise<T>;
}

/** Options of {@link IoBinding.run}. */
export interface IoBindingRunOptions {
  /** Cancels the run, which then rejects with the signal's reason once ONNX Runtime has stopped. */
  signal?: AbortSignal;
}

interface BoundTensor {
  readonly role: string;
  readonly name: string;
  readonly tensor: Tensor;
}

/**
 * A plan for one set of shapes, made by {@link InferenceSession.bind}. Write into the inputs'
 * `data`, run, read the outputs' `data`: nothing is allocated or copied in between on the CPU
 * provider; other providers copy the inputs to their device before each run. Close it before its
 * session, or with it.
 */
export class IoBinding implements Disposable {
  readonly #host: BindingHost;
  readonly #handle: OwnedPointer;
  // The native binding remembers the memory of these tensors: they stay pinned here.
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
    this.#host = host;
    this.#pinnedTensors = [
      ...Object.entries(inputs).map(([name, tensor]) => ({ role: "input", name, tensor })),
      ...Object.entries(outputs).map(([name, tensor]) => ({ role: "output", name, tensor })),
    ];
    this.#handle = createBinding(host);
    try {
      this.#bindAll();
    } catch (error) {
      this.#handle.close();
      throw error;
    }
  }

  /**
   * Runs off the event loop.
   *
   * @throws {TypeError} when the binding or its session is closed, or a run of this binding is
   * under way
   * @throws {OrtError} when ONNX Runtime fails
   */
  run(options: IoBindingRunOptions = {}): Promise<void> {
    return this.#host.track(this.#run(options.signal));
  }

  /**
   * Runs on this thread, which blocks: for Workers and benches. Throws as {@link IoBinding.run}
   * does.
   *
   * @ignore
   * @param stop lets another thread end the run early
   */
  runSync(stop?: StopSwitch): void {
    this.#checkReady();
    const { api, handle } = this.#host;
    this.#bindInputsAgain();
    const options = stop ? switchOptions(stop) : null;
    api.RunWithBinding(handle.unsafeHandle, options, this.#handle.unsafeHandle);
  }

  /** Releases the plan, after a run that is under way. Closing twice is fine. */
  close(): void {
    this.#handle.close();
  }

  /** {@link close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  async #run(signal: AbortSignal | undefined): Promise<void> {
    this.#checkReady();
    const { api, handle } = this.#host;
    const session = handle.unsafeHandle;
    const binding = this.#handle.unsafeHandle;
    this.#bindInputsAgain();
    this.#running = true;
    try {
      await runNative(api, {
        owners: [handle, this.#handle],
        pinned: [this],
        signal,
        call: (runOptions) => api.nonblocking.RunWithBinding(session, runOptions, binding),
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

  #bindAll(): void {
    for (const bound of this.#pinnedTensors) this.#bind(bound);
  }

  #bindInputsAgain(): void {
    if (!this.#host.copiesInputs) return;
    for (const bound of this.#pinnedTensors) if (bound.role === "input") this.#bind(bound);
  }

  #bind({ role, name, tensor }: BoundTensor): void {
    const { api } = this.#host;
    const bind = role === "input" ? api.BindInput : api.BindOutput;
    bind(this.#handle.unsafeHandle, cString(name), valueOf(tensor).unsafeHandle);
  }
}

function createBinding({ api, handle }: BindingHost): OwnedPointer {
  const out = new OutPointer();
  api.CreateIoBinding(handle.unsafeHandle, out.cell);
  const release = api.ReleaseIoBinding;
  return new OwnedPointer(out.object, { kind: "IoBinding", release, parent: handle });
}
