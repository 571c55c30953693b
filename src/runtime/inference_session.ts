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
  /** Names of the outputs wanted; default all. */
  outputs?: readonly string[];
  /** Cancels the run, which then rejects with the signal's reason once ONNX Runtime has stopped. */
  signal?: AbortSignal;
}

/**
 * A session of this process by its address, for a Worker to borrow: it must not outlive the session
 * that lends it.
 */
export interface LentSession {
  readonly address: bigint;
  readonly provider: Provider;
}

/**
 * For the rest of this folder: what a Worker needs to run this session.
 *
 * @internal
 */
export let lendSession: (session: InferenceSession) => LentSession;

/**
 * For the rest of this folder: a session that another thread owns; closing it releases nothing of
 * that thread's.
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
  /** Execution provider that the session was made for. */
  readonly provider: Provider;
  /** The inputs in the model's order. */
  readonly inputs: readonly TensorMetadata[];
  /** The outputs in the model's order. */
  readonly outputs: readonly TensorMetadata[];
  /** The model's own notes. */
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
   * Loads a model off the event loop.
   *
   * @param environment an open environment
   * @param model path of an ONNX file (external data beside it is found), or the bytes of one
   * @param options options of the session
   * @throws {PermissionError} when the file, or what it links to, may not be read
   * @throws {ModelError} when the model is missing or faulty
   * @throws {RuntimeLibraryError} when the provider cannot be had or memory runs out
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
    // The session's own share: it stays valid when the caller closes the environment.
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
   * Runs the model once off the event loop. Outputs are copies in new tensors. For repeated runs of
   * one shape {@link InferenceSession.bind} is cheaper.
   *
   * @param feeds a tensor for every input, by name
   * @param options which outputs, and how to cancel
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
   * @param outputs a tensor for each output wanted, of the shape that the model will compute
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
   * Refuses new runs, waits for those in flight, then releases the model and its bindings. Closing
   * twice is fine.
   */
  async close(): Promise<void> {
    const { handle, queue } = this.#host;
    handle.close();
    await Promise.allSettled(this.#runs);
    // The release waits for its turn; one that never comes is no failure of closing.
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
    // Held until the outputs are copied too: their tensors need the session's environment.
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
 * @param environment the session's own share of the environment: closed with it, or here when there
 * will be none
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
    await load(api, { env: env.unsafeHandle, model, options: sessionOptions.unsafeHandle, out });
  };
  try {
    await inTurn(queue, create);
  } catch (error) {
    environment.close();
    if (!(error instanceof OrtError)) throw error;
    const name = typeof model === "string" ? model : "from memory";
    throw translateLoadError(name, error, PROVIDERS[options.provider ?? "cpu"]);
  }
  // Refers to the share, never to the session, which could not be collected otherwise.
  const release = (pointer: Deno.PointerObject) =>
    void inTurn(queue, () => {
      api.ReleaseSession(pointer);
      environment.close();
    });
  return new OwnedPointer(out.object, { kind: "InferenceSession", release });
}

/** Has ONNX Runtime load a model off the event loop. @throws {OrtError} what it complains of */
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
