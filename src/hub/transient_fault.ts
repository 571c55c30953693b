/** Network failures that a retry may solve. @module */
import { NetworkError } from "../errors.ts";

/** A failure after which the same request may succeed. */
export class TransientFault extends NetworkError {
  /** Milliseconds that the server asks to wait. */
  readonly retryAfter: number | undefined;

  /** @param retryAfter milliseconds that the server asks to wait */
  constructor(message: string, { hint, retryAfter }: { hint?: string; retryAfter?: number } = {}) {
    super(message, { hint: hint ?? "the same command line resumes the download" });
    this.retryAfter = retryAfter;
  }
}

/** How often to retry, and when to give up. */
export interface Patience {
  /** Number of retries without progress. */
  retries: number;
  /** Milliseconds before the first retry; doubled for each further one. */
  backoffMs: number;
  /** Milliseconds without a byte after which a request fails. */
  stallMs: number;
}

/** Values for a public server. */
export const DEFAULT_PATIENCE: Patience = { retries: 5, backoffMs: 1000, stallMs: 30_000 };

/** Longest wait before a retry, including waits that a server requests. */
const MAX_WAIT_MS = 120_000;

/**
 * New bytes after which an attempt counts as a success, whatever ended it, and the count of retries
 * is reset.
 */
const PROGRESS_BYTES = 1 << 20;

/** Options of {@link withRetries}. */
export interface RetryOptions {
  patience: Patience;
  signal?: AbortSignal;
  /** Progress of the task. */
  bytes?: () => number;
  /** Called before each wait. */
  note?: (line: string) => void;
}

/**
 * Repeats a task until it succeeds or fails permanently.
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
  if (retryAfter === undefined) return Math.min(backoffMs, MAX_WAIT_MS);
  if (retryAfter <= MAX_WAIT_MS) return retryAfter;
  throw new NetworkError(`${message} and asks to wait ${Math.ceil(retryAfter / 1000)} s`, {
    hint: "the same command line resumes the download after that time",
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
