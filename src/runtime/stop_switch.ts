/**
 * Ends a blocking run from another thread.
 * @module
 */
import { OwnedPointer } from "../../ffi/owned_pointer.ts";
import { pointerFromAddress, pointerToAddress } from "../../ffi/pointer.ts";
import { type Environment, sharedOf } from "./environment.ts";
import { createRunOptions } from "./native_run.ts";

/**
 * For the rest of this folder: the native options of the runs that a switch stops.
 *
 * @internal
 */
export let switchOptions: (stop: StopSwitch) => Deno.PointerObject;

/**
 * ONNX Runtime's run options, shared by two threads: one runs with them, the other asks for the
 * end, which comes between two nodes of the graph.
 */
export class StopSwitch implements Disposable {
  readonly #environment: Environment;
  readonly #options: OwnedPointer;

  static {
    switchOptions = (stop) => stop.#options.unsafeHandle;
  }

  /**
   * @param environment an open environment
   * @param address of another thread's switch, which stays that thread's to close
   */
  constructor(environment: Environment, address?: bigint) {
    this.#environment = environment;
    this.#options = address === undefined
      ? createRunOptions(sharedOf(environment).library.api)
      : new OwnedPointer(pointerFromAddress(address), {
        kind: "BorrowedRunOptions",
        release: () => {},
      });
  }

  /** For the other thread. */
  get address(): bigint {
    return pointerToAddress(this.#options.unsafeHandle);
  }

  /** Asks the run under way, and every later one, to end. */
  stop(): void {
    sharedOf(this.#environment).library.api.RunOptionsSetTerminate(this.#options.unsafeHandle);
  }

  /** Lets runs go on again. */
  reset(): void {
    sharedOf(this.#environment).library.api.RunOptionsUnsetTerminate(this.#options.unsafeHandle);
  }

  close(): void {
    this.#options.close();
  }

  /** {@link close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }
}
