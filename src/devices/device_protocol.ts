/**
 * How the main thread and a device's Worker talk: commands and answers are words in shared memory,
 * woken by `Atomics`, since a message takes ten times as long; what needs objects is a message,
 * announced by a command of its own.
 * @module
 */
import type { DeviceSpec } from "./device.ts";
import type { LentSession } from "../runtime/inference_session.ts";
import type { TensorMetadata } from "../runtime/model_metadata.ts";
import type { RowMemoryMessage } from "./rows/row_memory.ts";
import type { SessionOptions } from "../runtime/session_options.ts";

/** Words of the shared block, `Int32Array`. */
export const WORD = {
  /** Number of the last command: the main thread raises it, the Worker sleeps on it. */
  command: 0,
  /**
   * Number of the last command that was done: the Worker raises it, the main thread sleeps on it.
   */
  answer: 1,
  /** One of {@link COMMAND}. */
  kind: 2,
  /** Which rows, as in a `RowCall`, of which memory. */
  memory: 3,
  start: 4,
  count: 5,
  padded: 6,
  /** One of {@link RESULT}. */
  result: 7,
  /** Rows that were evaluated. */
  rows: 8,
  /** Microseconds that the network took. */
  microseconds: 9,
  /** Bytes of the error's text. */
  textLength: 10,
  /** 1 while the Worker is inside ONNX Runtime: what that uses must not be released. */
  native: 11,
  /** 1 once the main thread has given the Worker up: it must not go into ONNX Runtime any more. */
  givenUp: 12,
} as const;

/** What the Worker is to do. */
export const COMMAND = { run: 1, readMessage: 2, leave: 3 } as const;

/** How a command ended. */
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
   * For the Worker: native work, unless it was given up. Each side tells of itself before it looks
   * at the other, so that either the Worker stays out or the main thread knows that it is in, and
   * releases nothing.
   */
  enterNative(): void {
    Atomics.store(this.words, WORD.native, 1);
    if (Atomics.load(this.words, WORD.givenUp) === 0) return;
    this.leaveNative();
    throw new TypeError("the device was given up");
  }

  /** For the Worker: the end of native work. */
  leaveNative(): void {
    Atomics.store(this.words, WORD.native, 0);
  }

  /** For the main thread. @returns whether the Worker is out of ONNX Runtime for ever */
  giveUp(): boolean {
    Atomics.store(this.words, WORD.givenUp, 1);
    return Atomics.load(this.words, WORD.native) === 0;
  }

  /** Text of the last error. */
  get text(): string {
    // A decoder takes no shared memory.
    return new TextDecoder().decode(this.#text.slice(0, this.words[WORD.textLength]));
  }

  set text(text: string) {
    const bytes = new TextEncoder().encode(text).subarray(0, TEXT_BYTES);
    this.#text.set(bytes);
    this.words[WORD.textLength] = bytes.length;
  }
}

/** What a Worker opens. */
export interface DeviceSetup {
  readonly device: DeviceSpec;
  readonly control: SharedArrayBuffer;
  /** Path of ONNX Runtime's library. */
  readonly libraryPath: string;
  /** Address of the switch that ends a run early. */
  readonly stopSwitch: bigint;
  /** A session to borrow, or a model to open one from. */
  readonly session: LentSession | OwnSession;
}

/** A model for a Worker to open. */
export interface OwnSession {
  readonly model: string | Uint8Array;
  readonly options: SessionOptions;
}

/** From the main thread. */
export type ToWorker =
  | { readonly kind: "open"; readonly setup: DeviceSetup }
  | { readonly kind: "memory"; readonly memory: RowMemoryMessage }
  | { readonly kind: "forget"; readonly memoryId: number }
  | { readonly kind: "close" };

/** From a Worker. */
export type FromWorker =
  | {
    readonly kind: "ready";
    readonly inputs: readonly TensorMetadata[];
    readonly outputs: readonly TensorMetadata[];
  }
  | { readonly kind: "failed"; readonly error: SentError }
  | {
    readonly kind: "closed";
    /** Native objects that the Worker left alive, by kind: all 0 where nothing leaks. */
    readonly handles: Readonly<Record<string, number>>;
  };

/** An error that crosses threads. */
export interface SentError {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}
