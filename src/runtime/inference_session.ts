/**
 * A model, loaded and ready to run.
 * @module
 */
import type { OrtApi } from "../../ffi/ort_api.ts";
import { OwnedPointer } from "../../ffi/owned_pointer.ts";
import {
  CStringArray,
  OutPointer,
  pathString,
  pointerArray,
  pointerFromAddress,
  pointerToAddress,
} from "../../ffi/pointer.ts";
import { OrtError } from "../../ffi/status.ts";
import { type Environment, sharedOf, shareEnvironment } from "./environment.ts";
import { checkBuffers, checkFeeds, checkOutputNames } from "./feed_check.ts";
import { type BindingHost, IoBinding } from "./io_binding.ts";
import { checkModelPath, fault, translateLoadError } from "./model_fault.ts";
import {
  type ModelMetadata,
  readInputs,
  readModelMetadata,
  readOutputs,
  type TensorMetadata,
} from "./model_metadata.ts";
import { pinDuring, runNative } from "./native_run.ts";
import { copyOutputs, releaseValues } from "./output.ts";
import type { Provider } from "./providers/provider_row.ts";
import { type CallQueue, inTurn, queueOf } from "./providers/call_queue.ts";
import { PROVIDERS } from "./providers/provider_table.ts";
import { createSessionOptions, type SessionOptions } from "./session_options.ts";
import { type Tensor, valueOf } from "./tensor.ts";

/** Options of {@link InferenceSession.run}. */
export interface RunOptions {
  /** Names of the outputs to compute; default all. */
  outputs?: readonly string[];
  /** Cancels the run, which rejects with the signal's reason when ONNX Runtime has stopped. */
  signal?: AbortSignal;
}

/**
 * A session that a Worker can borrow by its address. The borrowed session must be closed before the
 * lent one.
 */
export interface LentSession {
  readonly address: bigint;
  readonly provider: Provider;
}

/**
 * Returns the address of a session for a Worker.
 *
 * @internal
 */
export let lendSession: (session: InferenceSession) => LentSession;

/**
 * Opens the session of another thread; closing it does not release the native session.
 *
 * @internal
 */
export let borrowSession: (environment: Environment, lent: LentSession) => InferenceSession;

/**
 * A model, loaded and ready to run. Runs may overlap; closing waits for them.
 *
 * @example
 * ```ts ignore
 * await using session = await InferenceSession.create(environment, "model.onnx");
 * const { y } = await session.run({ x: new Tensor(environment, "float32", [4]) });
 * ```
 */
export class InferenceSession implements AsyncDisposable {
  readonly #environment: Environment;
  readonly #host: BindingHost;
  readonly #runs = new Set<Promise<unknown>>();
  /** Execution provider of the session. */
  readonly provider: Provider;
  /** The inputs in the model's order. */
  readonly inputs: readonly TensorMetadata[];
  /** The outputs in the model's order. */
  readonly outputs: readonly TensorMetadata[];
  /** Metadata in the model file. */
  readonly metadata: ModelMetadata;

  private constructor(
    environment: Environment,
    handle: OwnedPointer,
    provider: Provider,
  ) {
    const { library: { api } } = sharedOf(environment);
    this.#environment = environment;
    this.provider = provider;
    this.inputs = readInputs(api, handle.unsafeHandle);
    this.outputs = readOutputs(api, handle.unsafeHandle);
    this.metadata = readModelMetadata(api, handle.unsafeHandle);
    const { inputs, outputs } = this;
    const queue = queueOf(provider);
    const track = <T>(run: Promise<T>) => this.#track(run);
    this.#host = { api, handle, inputs, outputs, row: PROVIDERS[provider], queue, track };
  }

  static {
    lendSession = (session) => ({
      address: pointerToAddress(session.#host.handle.unsafeHandle),
      provider: session.provider,
    });
    borrowSession = (environment, { address, provider }) => {
      const share = shareEnvironment(environment);
      const release = () => share.close();
      const handle = new OwnedPointer(pointerFromAddress(address), {
        kind: "BorrowedSession",
        release,
      });
      return new InferenceSession(share, handle, provider);
    };
  }

  /**
   * Loads a model without blocking the event loop.
   *
   * @param environment an open environment
   * @param model path of an ONNX file, whose external data are found beside it, or its bytes
   * @param options options of the session
   * @throws {PermissionError} if the file, or the target of a link, may not be read
   * @throws {ModelError} if the model is missing or invalid
   * @throws {RuntimeLibraryError} if the provider is unavailable or memory is exhausted
   */
  static async create(
    environment: Environment,
    model: string | Uint8Array,
    options: SessionOptions = {},
  ): Promise<InferenceSession> {
    void sharedOf(environment);
    if (typeof model === "string") await checkModelPath(model);
    else if (model.byteLength === 0) throw fault("from memory", "it has no bytes");
    const { provider = "cpu" } = options;
    const queue = queueOf(provider);
    // The session needs its own reference: the caller may close the environment.
    const share = shareEnvironment(environment);
    const handle = await createNativeSession(share, { model, options, queue });
    try {
      return new InferenceSession(share, handle, provider);
    } catch (error) {
      handle.close();
      throw error;
    }
  }

  /**
   * Runs the model without blocking the event loop. Outputs are new tensors. For repeated runs of
   * one shape {@link InferenceSession.bind} is faster.
   *
   * @param feeds a tensor for every input, by name
   * @param options outputs and cancellation
   * @returns the outputs by name
   * @throws {TypeError} when the session is closed, or a name or element type is wrong
   * @throws {RangeError} when a shape is wrong
   * @throws {OrtError} when ONNX Runtime fails
   */
  run(
    feeds: Readonly<Record<string, Tensor>>,
    options: RunOptions = {},
  ): Promise<Record<string, Tensor>> {
    return this.#track(this.#run(feeds, options));
  }

  /**
   * Prepares runs over fixed tensors: inputs are read from and outputs written to their `data`.
   *
   * @param inputs a tensor for every input, by name
   * @param outputs a tensor for each wanted output, with the shape that the model computes
   * @throws {TypeError | RangeError} as {@link InferenceSession.run}
   */
  bind(
    inputs: Readonly<Record<string, Tensor>>,
    outputs: Readonly<Record<string, Tensor>>,
  ): IoBinding {
    void this.#host.handle.unsafeHandle;
    return new IoBinding(this.#host, inputs, outputs);
  }

  /**
   * Refuses new runs, waits for the running ones, then releases the model and its bindings. Can be
   * called twice.
   */
  async close(): Promise<void> {
    const { handle, queue } = this.#host;
    handle.close();
    await Promise.allSettled(this.#runs);
    // The release is queued; an error of the queue is no error of closing.
    await queue?.run(() => {}).catch(() => {});
  }

  /** {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #track<T>(run: Promise<T>): Promise<T> {
    this.#runs.add(run);
    const forget = () => void this.#runs.delete(run);
    run.then(forget, forget);
    return run;
  }

  async #run(
    feeds: Readonly<Record<string, Tensor>>,
    options: RunOptions,
  ): Promise<Record<string, Tensor>> {
    const { api, handle, row, queue } = this.#host;
    const session = handle.unsafeHandle;
    const names = options.outputs ?? this.outputs.map(({ name }) => name);
    checkFeeds(this.inputs, feeds);
    checkBuffers(row, feeds);
    checkOutputNames(this.outputs, names);
    const tensors = Object.values(feeds);
    const inputNames = new CStringArray(Object.keys(feeds));
    const outputNames = new CStringArray(names);
    const values = pointerArray(tensors.map((tensor) => valueOf(tensor).unsafeHandle));
    const fetched = new BigUint64Array(names.length);
    // In use until the outputs are copied: their tensors need the session's environment.
    handle.addUse();
    try {
      await runNative(api, {
        owners: [handle, ...tensors.map(valueOf)],
        pinned: [tensors, inputNames, outputNames, values, fetched],
        signal: options.signal,
        queue,
        call: (runOptions) =>
          api.nonblocking.Run(
            session,
            runOptions,
            inputNames.pointers,
            values,
            BigInt(inputNames.length),
            outputNames.pointers,
            BigInt(outputNames.length),
            fetched,
          ),
      });
      return copyOutputs(api, this.#environment, names, fetched);
    } finally {
      releaseValues(api, fetched);
      handle.dropUse();
    }
  }
}

/**
 * Creates the native session.
 *
 * @param environment the session's own environment; closed with the session, or here on an error
 */
async function createNativeSession(
  environment: Environment,
  { model, options, queue }: {
    model: string | Uint8Array;
    options: SessionOptions;
    queue: CallQueue | undefined;
  },
): Promise<OwnedPointer> {
  const { library: { api }, env } = sharedOf(environment);
  const out = new OutPointer();
  const create = async () => {
    using sessionOptions = createSessionOptions(environment, options);
    const native = { env: env.unsafeHandle, options: sessionOptions.unsafeHandle };
    await load(api, { ...native, model, out }).catch((error) => {
      if (!(error instanceof OrtError)) throw error;
      const name = typeof model === "string" ? model : "from memory";
      throw translateLoadError(name, error, PROVIDERS[options.provider ?? "cpu"]);
    });
  };
  try {
    await inTurn(queue, create);
  } catch (error) {
    environment.close();
    throw error;
  }
  // Must not refer to the session, which could never be garbage collected then.
  const release = (pointer: Deno.PointerObject) =>
    void inTurn(queue, () => {
      api.ReleaseSession(pointer);
      environment.close();
    });
  return new OwnedPointer(out.object, { kind: "InferenceSession", release });
}

/** Loads a model without blocking the event loop. @throws {OrtError} */
async function load(
  api: OrtApi,
  { env, model, options, out }: {
    env: Deno.PointerObject;
    model: string | Uint8Array;
    options: Deno.PointerObject;
    out: OutPointer;
  },
): Promise<void> {
  const { CreateSession, CreateSessionFromArray } = api.nonblocking;
  const bytes = typeof model === "string" ? pathString(model) : model;
  const call = typeof model === "string"
    ? () => CreateSession(env, bytes, options, out.cell)
    : () => CreateSessionFromArray(env, bytes, BigInt(bytes.byteLength), options, out.cell);
  await pinDuring([bytes, out], call);
}
