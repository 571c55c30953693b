/** Failures of a network that may be over a moment later. @module */
import { NetworkError } from "../errors.ts";

/** A failure after which the same request may succeed. */
export class TransientFault extends NetworkError {
  /** Milliseconds that the server asks to wait. */
  readonly retryAfter: number | undefined;

  /** @param retryAfter milliseconds that the server asks to wait */
  constructor(message: string, { hint, retryAfter }: { hint?: string; retryAfter?: number } = {}) {
    super(message, { hint: hint ?? "the same line goes on where it stopped" });
    this.retryAfter = retryAfter;
  }
}

/** How often to ask again, and when to give up. */
export interface Patience {
  /** Tries after the first one that bring nothing new. */
  retries: number;
  /** Milliseconds before the second try; doubled before each further one. */
  backoffMs: number;
  /** Milliseconds without a byte after which a request has failed. */
  stallMs: number;
}

/** Patience with a public server. */
export const DEFAULT_PATIENCE: Patience = { retries: 5, backoffMs: 1000, stallMs: 30_000 };

/** Longest wait between two tries, one that a server asks for included. */
const LONGEST_WAIT_MS = 120_000;

/**
 * A try that brought so many new bytes was a success, whatever ended it: the tries are counted
 * anew.
 */
const PROGRESS_BYTES = 1 << 20;

/** Options of {@link withRetries}. */
export interface RetryOptions {
  patience: Patience;
  signal?: AbortSignal;
  /** How far the task is. */
  bytes?: () => number;
  /** Is told of every wait. */
  note?: (line: string) => void;
}

/**
 * Does a task until it succeeds or fails for good.
 *
 * @throws {NetworkError} the last failure, or a wait that is too long
 */
export async function withRetries<T>(
  task: () => Promise<T>,
  { patience, signal, bytes = () => 0, note }: RetryOptions,
): Promise<T> {
  let had = bytes();
  for (let tries = 0;; tries++) {
    try {
      return await task();
    } catch (error) {
      if (!(error instanceof TransientFault)) throw error;
      if (bytes() - had >= PROGRESS_BYTES) [had, tries] = [bytes(), 0];
      if (tries >= patience.retries) throw error;
      const wait = waitOf(error, patience.backoffMs * 2 ** tries);
      note?.(`${error.message}: trying again in ${(wait / 1000).toFixed(1)} s`);
      await delay(wait, signal);
    }
  }
}

function waitOf({ message, retryAfter }: TransientFault, backoffMs: number): number {
  if (retryAfter === undefined) return Math.min(backoffMs, LONGEST_WAIT_MS);
  if (retryAfter <= LONGEST_WAIT_MS) return retryAfter;
  throw new NetworkError(`${message} and asks to wait ${Math.ceil(retryAfter / 1000)} s`, {
    hint: "the same line goes on where it stopped, after that time",
  });
}

function delay(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const stop = () => {
      clearTimeout(timer);
      reject(signal!.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
