/**
 * The errors that a user can cause or meet, one class per exit code of the contract. Every layer
 * may throw them; `src/cli` turns one into a single line, `parataa: E_NAME: what - hint`, and its
 * exit code. Misuse of the API by a programmer stays a `TypeError` or a `RangeError`.
 * @module
 */

/** How a setting is spelled: `windowSize` in code, `--window_size` on a command line. */
export type Spelling = (setting: string) => string;

/** A text; a function where it names settings, which are spelled by its argument. */
export type Wording = string | ((name: Spelling) => string);

/**
 * Options of every {@link ParataaError}: `hint` says what to do next, `cause` keeps the error
 * underneath.
 */
export interface ParataaErrorOptions extends ErrorOptions {
  /** What to do about it, one clause, lower case, without a full stop. */
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
 * assert.equal(error.exitCode, 70); // a bare ParataaError is our own bug: throw a subclass
 * ```
 */
export class ParataaError extends Error {
  /** Short upper-case name that scripts can match, `E_…`. */
  readonly code: string = "E_INTERNAL";
  /** Exit code of the process when this error ends it. */
  readonly exitCode: number = 70;
  /** What to do about it. */
  hint: string | undefined;
  #wording: Wording;
  #hint: Wording | undefined;

  /**
   * Makes an error.
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

  /** Spells the settings that message and hint name; the first spelling stays. */
  respell(spelling: Spelling): void {
    if (typeof this.#wording === "function") {
      this.message = this.#wording = this.#wording(spelling);
    }
    if (typeof this.#hint === "function") this.hint = this.#hint = this.#hint(spelling);
  }
}

/** The words of the library. */
function word(wording: Wording): string {
  return typeof wording === "string" ? wording : wording((setting) => setting);
}

/** A flag or an argument is wrong: exit code 2. */
export class UsageError extends ParataaError {
  /** Name that scripts can match. */
  override readonly code = "E_USAGE";
  /** Exit code of the process. */
  override readonly exitCode = 2;
}

/** A model folder, network or tokenizer does not meet its contract: exit code 3. */
export class ModelError extends ParataaError {
  /** Name that scripts can match. */
  override readonly code = "E_MODEL";
  /** Exit code of the process. */
  override readonly exitCode = 3;
}

/** A file that the user gave is not what its format demands: exit code 3. */
export class FormatError extends ParataaError {
  /** Name that scripts can match. */
  override readonly code: string = "E_FORMAT";
  /** Exit code of the process. */
  override readonly exitCode = 3;
}

/** A pickle that asks for more than tensors: nothing of it was run. Exit code 3. */
export class UnsafePickleError extends FormatError {
  /** Name that scripts can match. */
  override readonly code = "E_UNSAFE_PICKLE";
}

/** A Deno permission is missing: exit code 4. */
export class PermissionError extends ParataaError {
  /** Name that scripts can match. */
  override readonly code = "E_PERMISSION";
  /** Exit code of the process. */
  override readonly exitCode = 4;
}

/** The file system refused: exit code 5. */
export class StorageError extends ParataaError {
  /** Name that scripts can match. */
  override readonly code = "E_IO";
  /** Exit code of the process. */
  override readonly exitCode = 5;
}

/** NaN or infinity came out of the network or the solver: exit code 6. */
export class NumericalError extends ParataaError {
  /** Name that scripts can match. */
  override readonly code = "E_NUMERICAL";
  /** Exit code of the process. */
  override readonly exitCode = 6;
}

/** ONNX Runtime, an execution provider or a device failed: exit code 7. */
export class RuntimeLibraryError extends ParataaError {
  /** Name that scripts can match. */
  override readonly code = "E_RUNTIME";
  /** Exit code of the process. */
  override readonly exitCode = 7;
}

/** A server cannot be reached, refuses, or sends other bytes than it announced: exit code 8. */
export class NetworkError extends ParataaError {
  /** Name that scripts can match. */
  override readonly code = "E_NETWORK";
  /** Exit code of the process. */
  override readonly exitCode = 8;
}

/** Another run holds the output directory: exit code 9. */
export class BusyError extends ParataaError {
  /** Name that scripts can match. */
  override readonly code = "E_BUSY";
  /** Exit code of the process. */
  override readonly exitCode = 9;
}

/** A trajectory or a checkpoint does not belong to this run: exit code 10. */
export class MismatchError extends ParataaError {
  /** Name that scripts can match. */
  override readonly code = "E_MISMATCH";
  /** Exit code of the process. */
  override readonly exitCode = 10;
}

/** A sample is further from the sequential one than the tolerance: exit code 11. */
export class VerificationError extends ParataaError {
  /** Name that scripts can match. */
  override readonly code = "E_VERIFY";
  /** Exit code of the process. */
  override readonly exitCode = 11;
}
