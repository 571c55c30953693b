/**
 * A device in a Worker.
 * @module
 */
import { PermissionError, RuntimeLibraryError } from "../errors.ts";
import { callFault, DeviceFault, receivedError } from "./device_fault.ts";
import { type DeviceLink, GRACE_MS, within } from "./device_link.ts";
import {
  COMMAND,
  ControlBlock,
  type DeviceSetup,
  type FromWorker,
  RESULT,
  type ToWorker,
  WORD,
} from "./device_protocol.ts";
import type { Environment } from "../runtime/environment.ts";
import type { TensorMetadata } from "../runtime/model_metadata.ts";
import type { OpenOptions } from "./pool_device.ts";
import type { RowMemory } from "./rows/row_memory.ts";
import type { RowCall } from "./rows/row_plans.ts";
import { StopSwitch } from "../runtime/stop_switch.ts";
import { deviceWorker, workerSourcePaths } from "./worker_url.ts";

/** What a Worker opens. */
export type LinkSetup = Pick<DeviceSetup, "device" | "session">;

// deno-lint-ignore no-control-regex -- matches the escape character
const ANSI_COLORS = /\x1b\[[0-9;]*m/g;

let running = 0;

/**
 * Links whose Worker was abandoned inside ONNX Runtime: the memory of the native run must never be
 * garbage collected.
 */
const pinned = new Set<WorkerLink>();

/** Number of Workers that this process has started and neither closed nor abandoned. */
export function liveWorkers(): number {
  return running;
}

/** The link to a device in a Worker. */
export class WorkerLink implements DeviceLink {
  inputs: readonly TensorMetadata[] = [];
  outputs: readonly TensorMetadata[] = [];
  /** Native objects that the Worker had not released when it was closed, by kind. */
  handlesLeft: Readonly<Record<string, number>> = {};
  readonly #worker: Worker;
  readonly #control = new ControlBlock();
  readonly #stopSwitch: StopSwitch;
  readonly #known = new Set<number>();
  readonly #forgotten: number[] = [];
  #message: PromiseWithResolvers<FromWorker> = Promise.withResolvers();
  /** Rejects the awaited promise if the Worker fails. */
  #onBreak: (error: Error) => void = () => {};
  #broken: Error | undefined;
  /** Memory that an abandoned native run may still use. */
  #pinnedMemory: RowMemory | undefined;
  #stopRequested = false;
  #busy = false;
  #ended = false;
  /** Whether the Worker was not in ONNX Runtime when it ended. */
  #released = true;

  private constructor(environment: Environment) {
    requireSources();
    this.#stopSwitch = new StopSwitch(environment);
    this.#worker = new Worker(deviceWorker().url, { type: "module" });
    running++;
    this.#worker.onmessage = ({ data }) => this.#message.resolve(data);
    this.#worker.onmessageerror = () => this.#break("it sent an unreadable message");
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#break(event.message);
    };
  }

  /**
   * Starts a Worker that opens its device.
   *
   * @throws {ParataaError} if the Worker cannot open the device
   * @throws {DeviceFault} if the Worker does not respond in time, or exits
   */
  static async open(
    environment: Environment,
    setup: LinkSetup,
    { deadlineMs, signal, onNativeHang }: OpenOptions & { deadlineMs: number },
  ): Promise<WorkerLink> {
    signal.throwIfAborted();
    const link = new WorkerLink(environment);
    const cancel = () => link.#break("opening was cancelled");
    signal.addEventListener("abort", cancel);
    try {
      const { libraryPath } = environment;
      const stopSwitch = link.#stopSwitch.address;
      const control = link.#control.buffer;
      link.#worker.postMessage(
        { kind: "open", setup: { ...setup, control, libraryPath, stopSwitch } } satisfies ToWorker,
      );
      const message = await link.#nextMessage(deadlineMs, "open");
      if (message.kind === "failed") throw receivedError(message.error);
      if (message.kind !== "ready") {
        throw new RuntimeLibraryError(`its first message is ${message.kind}, wanted ready`);
      }
      link.inputs = message.inputs;
      link.outputs = message.outputs;
      return link;
    } catch (error) {
      if (!await link.#leave()) onNativeHang();
      throw error;
    } finally {
      signal.removeEventListener("abort", cancel);
    }
  }

  async run(memory: RowMemory, call: RowCall, deadlineMs: number): Promise<number> {
    this.#busy = true;
    this.#pinnedMemory = memory;
    try {
      if (this.#stopRequested) this.#stopSwitch.reset();
      this.#stopRequested = false;
      await this.#shareMemory(memory, deadlineMs);
      const { words } = this.#control;
      words[WORD.memory] = memory.id;
      words[WORD.start] = call.start;
      words[WORD.count] = call.count;
      words[WORD.padded] = call.padded;
      await this.#command(COMMAND.run, deadlineMs);
      if (words[WORD.result] !== RESULT.done) throw callFault(this.#control.text);
      if (words[WORD.rows] !== call.count) {
        throw new DeviceFault(
          "reply",
          `returned ${words[WORD.rows]} rows, wanted ${call.count}`,
          { survived: false },
        );
      }
      return words[WORD.microseconds] / 1000;
    } finally {
      this.#busy = false;
    }
  }

  stop(): void {
    if (!this.#busy || this.#stopRequested) return;
    this.#stopRequested = true;
    this.#stopSwitch.stop();
  }

  forget(memoryId: number): void {
    if (this.#known.delete(memoryId)) this.#forgotten.push(memoryId);
  }

  abandon(): boolean {
    if (this.#ended) return this.#released;
    this.#ended = true;
    const released = this.#released = this.#control.abandon();
    running--;
    this.#stopSwitch.stop();
    // A waiting Worker cannot terminate: wake it.
    this.#signal(COMMAND.leave);
    this.#worker.terminate();
    if (released) {
      this.#stopSwitch.close();
      this.#pinnedMemory = undefined;
    } else pinned.add(this);
    return released;
  }

  async close(): Promise<boolean> {
    if (this.#ended) return this.abandon();
    if (this.#busy) {
      this.stop();
      for (let waited = 0; this.#busy && waited < GRACE_MS; waited += 5) await sleep(5);
    }
    // An error here does not matter: the Worker is abandoned next.
    if (!this.#busy) await this.#send({ kind: "close" }, 4 * GRACE_MS).catch(() => {});
    return this.abandon();
  }

  /**
   * Waits until the Worker has left ONNX Runtime, so that the session can be released, but at most
   * {@link GRACE_MS}; then calls {@link abandon}.
   */
  async #leave(): Promise<boolean> {
    for (let waited = 0; !this.#control.abandon() && waited < GRACE_MS; waited += 5) await sleep(5);
    return this.abandon();
  }

  /** Sends the Worker a memory that is new to it, and those that it can release. */
  async #shareMemory(memory: RowMemory, deadlineMs: number): Promise<void> {
    for (const memoryId of this.#forgotten.splice(0)) {
      await this.#send({ kind: "forget", memoryId }, deadlineMs);
    }
    if (this.#known.has(memory.id)) return;
    this.#known.add(memory.id);
    await this.#send({ kind: "memory", memory: memory.message() }, deadlineMs);
  }

  async #send(message: ToWorker, deadlineMs: number): Promise<void> {
    this.#worker.postMessage(message);
    if (message.kind !== "close") return await this.#command(COMMAND.readMessage, deadlineMs);
    this.#message = Promise.withResolvers();
    this.#signal(COMMAND.readMessage);
    const answer = await this.#nextMessage(deadlineMs, "exit");
    if (answer.kind === "closed") this.handlesLeft = answer.handles;
  }

  #signal(kind: number): number {
    const { words } = this.#control;
    words[WORD.kind] = kind;
    const number = Atomics.add(words, WORD.command, 1) + 1 | 0;
    Atomics.notify(words, WORD.command);
    return number;
  }

  /** Sends a command and waits for the answer without blocking the thread. */
  async #command(kind: number, deadlineMs: number): Promise<void> {
    const answered = this.#answerTo(this.#signal(kind));
    const late = () => {
      this.stop();
      return undefined;
    };
    try {
      await within(deadlineMs, answered, late);
    } catch (error) {
      if (error !== undefined) throw error;
      const survived = await within(GRACE_MS, answered, () => false).then(() => true, () => false);
      const seconds = (deadlineMs / 1000).toFixed(1);
      throw new DeviceFault("hang", `did not answer within ${seconds} s`, { survived });
    }
  }

  #answerTo(number: number): Promise<void> {
    const { words } = this.#control;
    return this.#unlessBroken(async () => {
      for (;;) {
        const last = Atomics.load(words, WORD.answer);
        if (last === number) return;
        const change = Atomics.waitAsync(words, WORD.answer, last);
        if (change.async) await change.value;
      }
    });
  }

  async #nextMessage(deadlineMs: number, kind: "open" | "exit"): Promise<FromWorker> {
    const late = () =>
      new DeviceFault(kind, `did not respond for ${deadlineMs / 1000} s`, { survived: false });
    return await within(deadlineMs, this.#unlessBroken(() => this.#message.promise), late);
  }

  /** Awaits a promise unless the Worker fails. Only one promise is awaited at a time. */
  #unlessBroken<T>(wait: () => Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#onBreak = reject;
    if (this.#broken) reject(this.#broken);
    else wait().then(resolve, reject);
    return promise;
  }

  #break(message: string): void {
    const text = message.replace(ANSI_COLORS, "").replace(/\s+/g, " ").trim();
    this.#broken = new DeviceFault("exit", `its Worker failed: ${text}`, { survived: false });
    this.#onBreak(this.#broken);
  }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/**
 * Checks the permission to read the Worker's modules, whose error in a Worker would be unclear.
 *
 * @throws {PermissionError}
 */
function requireSources(): void {
  const paths = workerSourcePaths();
  for (const path of paths) {
    if (Deno.permissions.querySync({ name: "read", path }).state === "granted") continue;
    throw new PermissionError(`cannot start a device's Worker: reading ${path} is not granted`, {
      hint: `run again and add --allow-read=${paths.join(",")}`,
    });
  }
}
