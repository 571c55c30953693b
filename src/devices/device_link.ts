/**
 * A device as the pool sees it.
 * @module
 */
import type { TensorMetadata } from "../runtime/model_metadata.ts";
import type { ServedModel } from "./remote/remote_device.ts";
import type { RowMemory } from "./rows/row_memory.ts";
import type { RowCall } from "./rows/row_plans.ts";

/** The way to one device. One call at a time. */
export interface DeviceLink {
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
  /** The model's server; absent for a device of this machine. */
  readonly served?: ServedModel;
  /**
   * Evaluates rows.
   *
   * @param deadlineMs after which the device is asked to end, and given up if it does not
   * @returns milliseconds that it took
   * @throws {DeviceFault}
   */
  run(memory: RowMemory, call: RowCall, deadlineMs: number): Promise<number>;
  /** Asks the call under way to end early; it then rejects. */
  stop(): void;
  /** Drops what is held over a memory. */
  forget(memoryId: number): void;
  /**
   * Ends it at once, whatever it is doing. A native run that goes on keeps what it uses.
   *
   * @returns whether none does
   */
  abandon(): boolean;
  /**
   * Ends it well, as far as it lets itself be ended.
   *
   * @returns as {@link abandon}
   */
  close(): Promise<boolean>;
}

/** A device that does not end when it is asked gets this long before it is given up. */
export const GRACE_MS = 250;

/** Rejects with `late()` when a promise takes longer; the promise itself goes on. */
export async function within<T>(
  milliseconds: number,
  promise: Promise<T>,
  late: () => unknown,
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), Math.min(milliseconds, 2 ** 31 - 1));
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
