/**
 * Native calls of a provider that must never overlap in a process.
 * @module
 */
import { RuntimeLibraryError } from "../../errors.ts";
import { PROVIDERS } from "./provider_table.ts";
import type { Provider } from "./provider_row.ts";

/** Time that queued calls wait for an abandoned call to end. */
const STUCK_MS = 30_000;

interface Waiting {
  /** Whether the call was removed from the queue. */
  removed: boolean;
  readonly reject: (reason: unknown) => void;
}

/** Runs calls one after another: creating, running and releasing sessions. */
export class CallQueue {
  #tail: Promise<void> = Promise.resolve();
  readonly #waiting = new Set<Waiting>();
  /** The running call, if any. */
  #running: Promise<void> | undefined;
  readonly #stuckMs: number;

  constructor({ stuckMs = STUCK_MS }: { stuckMs?: number } = {}) {
    this.#stuckMs = stuckMs;
  }

  /**
   * Calls `work` when all earlier calls have ended.
   *
   * @param signal removes the call from the queue; has no effect on a running call
   */
  run<T>(work: () => T | Promise<T>, signal?: AbortSignal): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const waiting: Waiting = { removed: false, reject };
    const remove = () => this.#remove(waiting, signal!.reason);
    this.#waiting.add(waiting);
    signal?.addEventListener("abort", remove, { once: true });
    this.#tail = this.#tail.then(async () => {
      signal?.removeEventListener("abort", remove);
      this.#waiting.delete(waiting);
      if (waiting.removed) return;
      const ended = Promise.withResolvers<void>();
      this.#running = ended.promise;
      try {
        resolve(await work());
      } catch (error) {
        reject(error);
      }
      this.#running = undefined;
      ended.resolve();
    });
    if (signal?.aborted) remove();
    return promise;
  }

  /** Abandons the running call: if it does not end in time, the queued calls fail. */
  abandon(title: string): void {
    const fail = () => {
      const reason = `the ${title} device is stuck in an abandoned call`;
      for (const waiting of this.#waiting) this.#remove(waiting, new RuntimeLibraryError(reason));
    };
    const timer = setTimeout(fail, this.#stuckMs);
    void (this.#running ?? Promise.resolve()).then(() => clearTimeout(timer));
  }

  #remove(waiting: Waiting, reason: unknown): void {
    waiting.removed = true;
    this.#waiting.delete(waiting);
    waiting.reject(reason);
  }
}

/** Calls `work`, through the queue if there is one. */
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
 * @throws {RuntimeLibraryError} in a Worker, whose calls the main thread's queue cannot order
 */
export function queueOf(provider: Provider): CallQueue | undefined {
  // An unknown provider is refused with the other options.
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

/** Calls {@link CallQueue.abandon} if the provider has a queue. */
export function abandonCall(provider: Provider): void {
  queues.get(provider)?.abandon(PROVIDERS[provider].title);
}
