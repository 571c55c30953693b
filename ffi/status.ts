/** Converts every `OrtStatus` to an exception. @module */
import { RuntimeLibraryError } from "../src/errors.ts";
import { ERROR_CODES, type ErrorCodeName } from "./ort_enums.ts";

/**
 * An error of ONNX Runtime. It is a subclass of {@link RuntimeLibraryError}: if no layer translates
 * it, the run ends with exit code 7.
 */
export class OrtError extends RuntimeLibraryError {
  /** `OrtErrorCode` by number. */
  readonly ortCode: number;
  /** `OrtErrorCode` by name, "FAIL" for numbers newer than this table. */
  readonly ortCodeName: ErrorCodeName;
  /** ONNX Runtime's message, unchanged. */
  readonly ortMessage: string;

  /**
   * Creates an error from a status of ONNX Runtime.
   *
   * @param ortCode the `OrtErrorCode`
   * @param ortMessage the message of the status
   * @param functionName C name of the function that returned the status
   */
  constructor(ortCode: number, ortMessage: string, functionName?: string) {
    const name = ERROR_CODES[ortCode] ?? "FAIL";
    super(
      `ONNX Runtime${functionName ? `'s ${functionName}` : ""} failed with ${name}: ` +
        trimOrtMessage(ortMessage),
    );
    this.ortCode = ortCode;
    this.ortCodeName = name;
    this.ortMessage = ortMessage;
  }
}

/**
 * Removes what does not help a user: the source position, the repeated code, line breaks.
 *
 * @param message a message of ONNX Runtime
 * @returns one line
 */
export function trimOrtMessage(message: string): string {
  return message
    .replace(/^.*?\[ONNXRuntimeError\] : \d+ : \w+ : /s, "")
    .replace(/\/onnxruntime_src\/\S+:\d+ (?:[^()]*\([^()]*\)(?: const)? )?/g, "")
    .replace(/\s+/g, " ")
    .trim();
}

/** Functions that read and release a status. */
export interface StatusReader {
  GetErrorCode(status: Deno.PointerObject): number;
  /** Copies the message, which is freed with the status. */
  GetErrorMessage(status: Deno.PointerObject): string;
  ReleaseStatus(status: Deno.PointerObject): void;
}

/**
 * Converts a status to an {@link OrtError}: copies the message, then releases the status.
 *
 * @param reader functions that read and release a status
 * @param status status of the call, not null
 * @param functionName C name of the function, for the message
 */
export function throwStatus(
  reader: StatusReader,
  status: Deno.PointerObject,
  functionName: string,
): never {
  const code = reader.GetErrorCode(status);
  const message = reader.GetErrorMessage(status);
  reader.ReleaseStatus(status);
  throw new OrtError(code, message, functionName);
}
