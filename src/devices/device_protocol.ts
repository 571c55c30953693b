/**
 * The protocol between the main thread and a device's Worker. Commands and answers are words in
 * shared memory with `Atomics`, because a message takes ten times as long. Objects are sent as
 * messages, each announced by a command.
 * @module
 */
import type { DeviceSpec } from "./device.ts";
import type { LentSession } from "../runtime/inference_session.ts";
import type { TensorMetadata } from "../runtime/model_metadata.ts";
import type { RowMemoryMessage } from "./rows/row_memory.ts";
import type { SessionOptions } from "../runtime/session_options.ts";

/** Words of the shared block, `Int32Array`. */
export const WORD = {
  /** Number of the last command: the main thread increments it, the Worker waits on it. */
  command: 0,
  /**
   * Number of the last completed command: the Worker sets it, the main thread waits on it.
   */
  answer: 1,
  /** One of {@link COMMAND}. */
  kind: 2,
  /** Id of the row memory, and the fields of a `RowCall`. */
  memory: 3,
  start: 4,
  count: 5,
  padded: 6,
  /** One of {@link RESULT}. */
  result: 7,
  /** Number of evaluated rows. */
  rows: 8,
  /** Duration of the network in microseconds. */
  microseconds: 9,
  /** Length of the error message in bytes. */
  textLength: 10,
  /** 1 while the Worker is inside ONNX Runtime, whose resources must not be released then. */
  native: 11,
  /** 1 after the main thread has abandoned the Worker, which must not enter ONNX Runtime then. */
  abandoned: 12,
} as const;

/** Kinds of commands. */
export const COMMAND = { run: 1, readMessage: 2, leave: 3 } as const;

/** Results of a command. */
export const RESULT = { done: 0, failed: 1 } as const;

const WORDS = 16;
const TEXT_BYTES = 4096;

/** The shared block of one Worker. */
export class ControlBlock {
  readonly buffer: SharedArrayBuffer;
  readonly words: Int32Array;
  readonly #text: Uint8Array;

  constructor(buffer?: SharedArrayBuffer) {
    this.buffer = buffer ?? new SharedArrayBuffer(WORDS * 4 + TEXT_BYTES);
    this.words = new Int32Array(this.buffer, 0, WORDS);
    this.#text = new Uint8Array(this.buffer, WORDS * 4);
  }

  /**
   * Called by the Worker before native work; throws if it was abandoned. Each side sets its own
   * word before it reads the other's, so that either the Worker does not enter or the main thread
   * knows that it is inside and releases nothing.
   */
  enterNative(): void {
    Atomics.store(this.words, WORD.native, 1);
    if (Atomics.load(this.words, WORD.abandoned) === 0) return;
    this.leaveNative();
    throw new TypeError("the device was abandoned");
  }

  /** Called by the Worker after native work. */
  leaveNative(): void {
    Atomics.store(this.words, WORD.native, 0);
  }

  /** Called by the main thread. @returns whether the Worker is not in ONNX Runtime and stays out */
  abandon(): boolean {
    Atomics.store(this.words, WORD.abandoned, 1);
    return Atomics.load(this.words, WORD.native) === 0;
  }

  /** Message of the last error. */
  get text(): string {
    // TextDecoder does not accept shared memory.
    return new TextDecoder().decode(this.#text.slice(0, this.words[WORD.textLength]));
  }

  set text(text: string) {
    const bytes = new TextEncoder().encode(text).subarray(0, TEXT_BYTES);
    this.#text.set(bytes);
    this.words[WORD.textLength] = bytes.length;
  }
}

/** What a Worker needs to open a device. */
export interface DeviceSetup {
  readonly device: DeviceSpec;
  readonly control: SharedArrayBuffer;
  /** Path of ONNX Runtime's library. */
  readonly libraryPath: string;
  /** Address of the {@link file://../runtime/stop_switch.ts StopSwitch}. */
  readonly stopSwitch: bigint;
  /** A session to borrow, or a model to open. */
  readonly session: LentSession | OwnSession;
}

/** A model that a Worker opens. */
export interface OwnSession {
  readonly model: string | Uint8Array;
  readonly options: SessionOptions;
}

/** Messages from the main thread. */
export type ToWorker =
  | { readonly kind: "open"; readonly setup: DeviceSetup }
  | { readonly kind: "memory"; readonly memory: RowMemoryMessage }
  | { readonly kind: "forget"; readonly memoryId: number }
  | { readonly kind: "close" };

/** Messages from a Worker. */
export type FromWorker =
  | {
    readonly kind: "ready";
    readonly inputs: readonly TensorMetadata[];
    readonly outputs: readonly TensorMetadata[];
  }
  | { readonly kind: "failed"; readonly error: SentError }
  | {
    readonly kind: "closed";
    /** Native objects that the Worker did not release, by kind; all 0 if nothing leaks. */
    readonly handles: Readonly<Record<string, number>>;
  };

/** An error that is sent between threads. */
export interface SentError {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}
