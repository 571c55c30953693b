/**
 * Faults of a device.
 * @module
 */
import {
  ModelError,
  type ParataaError,
  type ParataaErrorOptions,
  PermissionError,
  RuntimeLibraryError,
  UsageError,
} from "../errors.ts";
import type { FaultKind } from "./device.ts";
import type { SentError } from "./device_protocol.ts";

/** A device failed. */
export class DeviceFault extends Error {
  override name = "DeviceFault";
  readonly kind: FaultKind;
  /**
   * Whether the device can be used again. If not, it must be replaced, and the memory of its call
   * must not be used.
   */
  readonly survived: boolean;

  constructor(kind: FaultKind, message: string, options: { survived: boolean }) {
    super(message);
    this.kind = kind;
    this.survived = options.survived;
  }
}

// From ONNX Runtime's arena, C++, CUDA, and WebGPU for a tensor of 2 GiB or more.
const OUT_OF_MEMORY =
  /Failed to allocate memory|bad_alloc|out of memory|CUDA failure 2\b|Too many storage buffers/i;

/** The fault of a call that ended with an error; the device can be used again. */
export function callFault(message: string): DeviceFault {
  const kind = OUT_OF_MEMORY.test(message) ? "memory" : "call";
  return new DeviceFault(kind, message, { survived: true });
}

/**
 * The size in a message such as `requested buffer of size 4398046511104`, as text in brackets;
 * empty if there is none.
 */
export function neededMemory(message: string): string {
  const bytes = /requested buffer of size (\d+)/.exec(message)?.[1];
  if (bytes === undefined) return "";
  return ` (a buffer of ${(Number(bytes) / 2 ** 20).toFixed(0)} MiB was requested)`;
}

const ERRORS: Record<string, new (message: string, options?: ParataaErrorOptions) => ParataaError> =
  { E_MODEL: ModelError, E_PERMISSION: PermissionError, E_USAGE: UsageError };

/** Restores the error of another thread with its class. */
export function receivedError({ code, message, hint }: SentError): ParataaError {
  const Class = ERRORS[code] ?? RuntimeLibraryError;
  return new Class(message, { hint });
}
