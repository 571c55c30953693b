/** Converts file system errors to StorageError. @module */
import { type ParataaError, PermissionError, StorageError } from "../errors.ts";
import { fileFault } from "../formats/file_fault.ts";

/** Error for a failed file operation; `what` names the action and the path. */
export function asStorageError(what: string, cause: unknown): ParataaError {
  if (cause instanceof Deno.errors.NotCapable) {
    return new PermissionError(what, { hint: cause.message, cause });
  }
  if (cause instanceof Deno.errors.AlreadyExists) {
    return new StorageError(`${what}: it exists already`, { cause });
  }
  return new StorageError(`${what}: ${fileFault(cause)}`, { cause });
}
