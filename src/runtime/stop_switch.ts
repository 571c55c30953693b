/**
 * Stops a synchronous run from another thread.
 * @module
 */
import { OwnedPointer } from "../../ffi/owned_pointer.ts";
import { pointerFromAddress, pointerToAddress } from "../../ffi/pointer.ts";
import { type Environment, sharedOf } from "./environment.ts";
import { createRunOptions } from "./native_run.ts";

/**
 * Returns the native run options of a switch.
 *
 * @internal
 */
export let switchOptions: (stop: StopSwitch) => Deno.PointerObject;

/**
 * ONNX Runtime's run options, shared by two threads. One thread runs with them, the other stops the
 * run, which ends between two nodes of the graph.
 */
export class StopSwitch implements Disposable {
  readonly #environment: Environment;
  readonly #options: OwnedPointer;

  static {
    switchOptions = (stop) => stop.#options.unsafeHandle;
  }

  /**
   * @param environment an open environment
   * @param address the switch of another thread, which must close it
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

  /** Address for the other thread. */
  get address(): bigint {
    return pointerToAddress(this.#options.unsafeHandle);
  }

  /** Stops the current run and all later ones. */
  stop(): void {
    sharedOf(this.#environment).library.api.RunOptionsSetTerminate(this.#options.unsafeHandle);
  }

  /** Allows runs again. */
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
