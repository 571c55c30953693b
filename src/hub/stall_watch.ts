/** The end of a request that brings nothing, and what its failure tells. @module */
import { shorten } from "../text.ts";
import { TransientFault } from "./transient_fault.ts";

/** Ends a request that brings nothing for too long. */
export class StallWatch {
  readonly #controller = new AbortController();
  readonly #stallMs: number;
  readonly #outer: AbortSignal | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stopped = false;
  /** Aborts a request that stalls, or that is no longer wanted. */
  readonly signal: AbortSignal;

  /** @param options.stallMs milliseconds without a byte after which the request has failed */
  constructor({ stallMs, signal }: { stallMs: number; signal?: AbortSignal }) {
    this.#stallMs = stallMs;
    this.#outer = signal;
    this.signal = AbortSignal.any([this.#controller.signal, ...signal ? [signal] : []]);
    this.feed();
  }

  /** Something came. */
  feed(): void {
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#controller.abort(), this.#stallMs);
  }

  /** The request is over. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#controller.abort();
  }

  /**
   * What a failed request tells: the reason of an abort from outside, a stall, or the connection's
   * fault.
   */
  fault(cause: unknown, what: string): unknown {
    if (this.#outer?.aborted) return this.#outer.reason;
    const why = this.#controller.signal.aborted && !this.#stopped
      ? `nothing came for ${this.#stallMs / 1000} s`
      : connectionFault(cause);
    return new TransientFault(`${what}: ${why}`);
  }
}

/** The fault without the address, whose query may be a signature. */
function connectionFault(cause: unknown): string {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  const message = inner instanceof Error ? inner.message : String(inner);
  const [, fault = "the connection failed"] = /client error \(\w+\): (.*)/s.exec(message) ?? [];
  return shorten(fault.replace(/^(tcp connect|dns) error: | \(os error \d+\)$/g, ""), 200);
}
