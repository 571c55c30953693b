/**
 * The interface between a pool and a device.
 * @module
 */
import type { TensorMetadata } from "../runtime/model_metadata.ts";
import type { ServedModel } from "./remote/remote_device.ts";
import type { RowMemory } from "./rows/row_memory.ts";
import type { RowCall } from "./rows/row_plans.ts";

/** A connection to one device. It runs one call at a time. */
export interface DeviceLink {
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
  /** The model's server; absent for a local device. */
  readonly served?: ServedModel;
  /**
   * Evaluates rows.
   *
   * @param deadlineMs time after which the call is stopped, and abandoned if it does not stop
   * @returns duration in milliseconds
   * @throws {DeviceFault}
   */
  run(memory: RowMemory, call: RowCall, deadlineMs: number): Promise<number>;
  /** Stops the running call, which then rejects. */
  stop(): void;
  /** Releases the resources of a memory. */
  forget(memoryId: number): void;
  /**
   * Ends the device at once. A native run that continues keeps its resources.
   *
   * @returns whether all resources are free: no native run continues
   */
  abandon(): boolean;
  /**
   * Stops the running call and closes the device.
   *
   * @returns as {@link abandon}
   */
  close(): Promise<boolean>;
}

/** Time that a device has to stop before it is abandoned. */
export const GRACE_MS = 250;

/** Rejects with `late()` if a promise takes longer; the promise itself is not cancelled. */
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
