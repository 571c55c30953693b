/** Aborts requests that stall, and describes their failure. @module */
import { shorten } from "../text.ts";
import { TransientFault } from "./transient_fault.ts";

/** Aborts a request that receives nothing for too long. */
export class StallWatch {
  readonly #controller = new AbortController();
  readonly #stallMs: number;
  readonly #outer: AbortSignal | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stopped = false;
  /** Signal for the request: aborted if it stalls or the caller stops it. */
  readonly signal: AbortSignal;

  /** @param options.stallMs milliseconds without a byte after which the request fails */
  constructor({ stallMs, signal }: { stallMs: number; signal?: AbortSignal }) {
    this.#stallMs = stallMs;
    this.#outer = signal;
    this.signal = AbortSignal.any([this.#controller.signal, ...signal ? [signal] : []]);
    this.feed();
  }

  /** Resets the timer after bytes were received. */
  feed(): void {
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#controller.abort(), this.#stallMs);
  }

  /** Stops the timer after the request. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#controller.abort();
  }

  /**
   * The error of a failed request: the reason of the caller's abort, a stall, or a connection
   * error.
   */
  fault(cause: unknown, what: string): unknown {
    if (this.#outer?.aborted) return this.#outer.reason;
    const why = this.#controller.signal.aborted && !this.#stopped
      ? `no data for ${this.#stallMs / 1000} s`
      : connectionFault(cause);
    return new TransientFault(`${what}: ${why}`);
  }
}

/** The error without the address, whose query may contain a signature. */
function connectionFault(cause: unknown): string {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  const message = inner instanceof Error ? inner.message : String(inner);
  const [, fault = "the connection failed"] = /client error \(\w+\): (.*)/s.exec(message) ?? [];
  return shorten(fault.replace(/^(tcp connect|dns) error: | \(os error \d+\)$/g, ""), 200);
}
