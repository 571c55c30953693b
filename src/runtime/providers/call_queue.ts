/**
 * Native calls of a provider that must never overlap in a process.
 * @module
 */
import { RuntimeLibraryError } from "../../errors.ts";
import { PROVIDERS } from "./provider_table.ts";
import type { Provider } from "./provider_row.ts";

/** After a call was given up, others wait this long for it to end. */
const STUCK_MS = 30_000;

interface Waiting {
  /** Whether nobody wants the call any more. */
  left: boolean;
  readonly reject: (reason: unknown) => void;
}

/** Calls in turn: creating, running and releasing sessions, one after another. */
export class CallQueue {
  #tail: Promise<void> = Promise.resolve();
  readonly #waiting = new Set<Waiting>();
  /** The call under way, `undefined` between calls. */
  #underWay: Promise<void> | undefined;
  readonly #stuckMs: number;

  constructor({ stuckMs = STUCK_MS }: { stuckMs?: number } = {}) {
    this.#stuckMs = stuckMs;
  }

  /**
   * Calls `work` when the calls before it have ended.
   *
   * @param signal leaves the queue; a call that has begun is its own to end
   */
  run<T>(work: () => T | Promise<T>, signal?: AbortSignal): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const waiting: Waiting = { left: false, reject };
    const leave = () => this.#leave(waiting, signal!.reason);
    this.#waiting.add(waiting);
    signal?.addEventListener("abort", leave, { once: true });
    this.#tail = this.#tail.then(async () => {
      signal?.removeEventListener("abort", leave);
      this.#waiting.delete(waiting);
      if (waiting.left) return;
      const ended = Promise.withResolvers<void>();
      this.#underWay = ended.promise;
      try {
        resolve(await work());
      } catch (error) {
        reject(error);
      }
      this.#underWay = undefined;
      ended.resolve();
    });
    if (signal?.aborted) leave();
    return promise;
  }

  /**
   * Notes that nobody waits for the call under way any more. If it does not end, the calls behind
   * it fail rather than wait for ever.
   */
  giveUp(title: string): void {
    const stuck = () => {
      const reason = `the ${title} device is stuck in a call that was given up`;
      for (const waiting of this.#waiting) this.#leave(waiting, new RuntimeLibraryError(reason));
    };
    const timer = setTimeout(stuck, this.#stuckMs);
    void (this.#underWay ?? Promise.resolve()).then(() => clearTimeout(timer));
  }

  #leave(waiting: Waiting, reason: unknown): void {
    waiting.left = true;
    this.#waiting.delete(waiting);
    waiting.reject(reason);
  }
}

/** Calls `work`, in its turn where the provider has a queue. */
export function inTurn<T>(
  queue: CallQueue | undefined,
  work: () => T | Promise<T>,
  signal?: AbortSignal,
): T | Promise<T> {
  return queue ? queue.run(work, signal) : work();
}

const queues = new Map<Provider, CallQueue>();

/**
 * The queue of a provider whose calls must not overlap; `undefined` for others.
 *
 * @throws {RuntimeLibraryError} in a Worker, whose calls no queue of this thread would hold back
 */
export function queueOf(provider: Provider): CallQueue | undefined {
  // A name that is none is refused with the other options.
  const row = Object.hasOwn(PROVIDERS, provider) ? PROVIDERS[provider] : undefined;
  if (!row?.exclusive) return undefined;
  if ("WorkerGlobalScope" in globalThis) {
    throw new RuntimeLibraryError(`the ${row.title} provider cannot be used in a Worker`, {
      hint: "use it on the main thread, where its sessions take turns",
    });
  }
  const queue = queues.get(provider) ?? new CallQueue();
  queues.set(provider, queue);
  return queue;
}

/** {@link CallQueue.giveUp}, for a provider that has a queue. */
export function giveUpTurn(provider: Provider): void {
  queues.get(provider)?.giveUp(PROVIDERS[provider].title);
}
