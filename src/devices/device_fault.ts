/**
 * What can go wrong with a device, and which of it a device survives.
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

/** A device did not do what it was asked. */
export class DeviceFault extends Error {
  override name = "DeviceFault";
  readonly kind: FaultKind;
  /**
   * Whether the Worker can be asked again; if not, it must be replaced, and its memory left alone.
   */
  readonly survived: boolean;

  constructor(kind: FaultKind, message: string, options: { survived: boolean }) {
    super(message);
    this.kind = kind;
    this.survived = options.survived;
  }
}

// ONNX Runtime's arena, a C++ allocation, CUDA, a tensor of 2 GiB or more in WebGPU.
const OUT_OF_MEMORY =
  /Failed to allocate memory|bad_alloc|out of memory|CUDA failure 2\b|Too many storage buffers/i;

/** The fault of a call that ended with an error; the Worker goes on. */
export function callFault(message: string): DeviceFault {
  const kind = OUT_OF_MEMORY.test(message) ? "memory" : "call";
  return new DeviceFault(kind, message, { survived: true });
}

/**
 * `requested buffer of size 4398046511104` in words, where the message says how much was wanted.
 */
export function neededMemory(message: string): string {
  const bytes = /requested buffer of size (\d+)/.exec(message)?.[1];
  if (bytes === undefined) return "";
  return ` (a buffer of ${(Number(bytes) / 2 ** 20).toFixed(0)} MiB was asked for)`;
}

const ERRORS: Record<string, new (message: string, options?: ParataaErrorOptions) => ParataaError> =
  { E_MODEL: ModelError, E_PERMISSION: PermissionError, E_USAGE: UsageError };

/** The error of another thread, of the same class here. */
export function receivedError({ code, message, hint }: SentError): ParataaError {
  const Class = ERRORS[code] ?? RuntimeLibraryError;
  return new Class(message, { hint });
}
