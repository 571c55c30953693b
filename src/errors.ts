/**
 * Errors for users, one class per documented exit code. Every layer may throw them; `src/cli`
 * prints an error as one line, `parataa: E_NAME: what - hint`, and exits with its code. Misuse of
 * the API is a `TypeError` or a `RangeError`.
 * @module
 */

/** Spells a setting: `windowSize` in code, `--window_size` on a command line. */
export type Spelling = (setting: string) => string;

/** A text, or a function that returns it with settings spelled by its argument. */
export type Wording = string | ((name: Spelling) => string);

/** Options of every {@link ParataaError}: `hint` says what to do, `cause` is the original error. */
export interface ParataaErrorOptions extends ErrorOptions {
  /** What to do: one clause in lower case, without a full stop. */
  hint?: Wording;
}

/**
 * Base of all errors that end a run with a documented exit code.
 *
 * @example
 * ```ts
 * import { ParataaError } from "@parataa/parataa";
 * import assert from "node:assert/strict";
 * const error = new ParataaError("disk full", { hint: "free some space" });
 * assert.equal(error.exitCode, 70); // internal error: throw a subclass for other codes
 * ```
 */
export class ParataaError extends Error {
  /** Name of the error in upper case, `E_…`, for scripts. */
  readonly code: string = "E_INTERNAL";
  /** Exit code of the process when this error ends it. */
  readonly exitCode: number = 70;
  /** What to do. */
  hint: string | undefined;
  #wording: Wording;
  #hint: Wording | undefined;

  /**
   * Creates an error.
   *
   * @param message what failed: the file, setting or offset, the value met and the values wanted
   */
  constructor(message: Wording, options: ParataaErrorOptions = {}) {
    super(word(message), options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.#wording = message;
    this.#hint = options.hint;
    this.hint = options.hint === undefined ? undefined : word(options.hint);
  }

  /** Spells the settings in message and hint. Only the first call has an effect. */
  respell(spelling: Spelling): void {
    if (typeof this.#wording === "function") {
      this.message = this.#wording = this.#wording(spelling);
    }
    if (typeof this.#hint === "function") this.hint = this.#hint = this.#hint(spelling);
  }
}

/** Returns a text with settings spelled as in the library. */
function word(wording: Wording): string {
  return typeof wording === "string" ? wording : wording((setting) => setting);
}

/** A flag or an argument is wrong: exit code 2. */
export class UsageError extends ParataaError {
  /** Name of the error, for scripts. */
  override readonly code = "E_USAGE";
  /** Exit code of the process. */
  override readonly exitCode = 2;
}

/** A model folder, network or tokenizer is unsuitable: exit code 3. */
export class ModelError extends ParataaError {
  /** Name of the error, for scripts. */
  override readonly code = "E_MODEL";
  /** Exit code of the process. */
  override readonly exitCode = 3;
}

/** A file is damaged or has another format: exit code 3. */
export class FormatError extends ParataaError {
  /** Name of the error, for scripts. */
  override readonly code: string = "E_FORMAT";
  /** Exit code of the process. */
  override readonly exitCode = 3;
}

/** A pickle requires more than tensors; nothing in it was executed. Exit code 3. */
export class UnsafePickleError extends FormatError {
  /** Name of the error, for scripts. */
  override readonly code = "E_UNSAFE_PICKLE";
}

/** A Deno permission is missing: exit code 4. */
export class PermissionError extends ParataaError {
  /** Name of the error, for scripts. */
  override readonly code = "E_PERMISSION";
  /** Exit code of the process. */
  override readonly exitCode = 4;
}

/** A file operation failed: exit code 5. */
export class StorageError extends ParataaError {
  /** Name of the error, for scripts. */
  override readonly code = "E_IO";
  /** Exit code of the process. */
  override readonly exitCode = 5;
}

/** The network or the solver returned NaN or infinity: exit code 6. */
export class NumericalError extends ParataaError {
  /** Name of the error, for scripts. */
  override readonly code = "E_NUMERICAL";
  /** Exit code of the process. */
  override readonly exitCode = 6;
}

/** ONNX Runtime, an execution provider or a device failed: exit code 7. */
export class RuntimeLibraryError extends ParataaError {
  /** Name of the error, for scripts. */
  override readonly code = "E_RUNTIME";
  /** Exit code of the process. */
  override readonly exitCode = 7;
}

/** A server cannot be reached, refuses, or sends unexpected bytes: exit code 8. */
export class NetworkError extends ParataaError {
  /** Name of the error, for scripts. */
  override readonly code = "E_NETWORK";
  /** Exit code of the process. */
  override readonly exitCode = 8;
}

/** Another process is writing the folder: exit code 9. */
export class BusyError extends ParataaError {
  /** Name of the error, for scripts. */
  override readonly code = "E_BUSY";
  /** Exit code of the process. */
  override readonly exitCode = 9;
}

/** A trajectory or a checkpoint does not belong to this run: exit code 10. */
export class MismatchError extends ParataaError {
  /** Name of the error, for scripts. */
  override readonly code = "E_MISMATCH";
  /** Exit code of the process. */
  override readonly exitCode = 10;
}

/** A sample differs from the sequential one by more than the tolerance: exit code 11. */
export class VerificationError extends ParataaError {
  /** Name of the error, for scripts. */
  override readonly code = "E_VERIFY";
  /** Exit code of the process. */
  override readonly exitCode = 11;
}
