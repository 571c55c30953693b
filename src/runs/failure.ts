/** What ended a run, as its manifest records it and as a command exits. @module */
import { ParataaError } from "../errors.ts";
import { fileFaultOf } from "../formats/file_fault.ts";

/** An error in the words of the contract. */
export interface Failure {
  /** `E_…`. */
  code: string;
  exitCode: number;
  message: string;
  /** What to do about it. */
  hint?: string;
}

/** Code, exit code, message and hint of any error. */
export function describeFailure(error: unknown): Failure {
  if (error instanceof ParataaError) return error;
  if (!(error instanceof Error)) {
    return { code: "E_INTERNAL", exitCode: 70, message: String(error) };
  }
  if (error instanceof Deno.errors.NotCapable) {
    const message = "a permission is missing";
    return { code: "E_PERMISSION", exitCode: 4, message, hint: error.message };
  }
  const { package: missing, cause } = MISSING_PACKAGE.exec(error.message)?.groups ?? {};
  if (missing !== undefined) {
    return {
      code: "E_NETWORK",
      exitCode: 8,
      message: `cannot download the package ${missing}: ${cause}`,
      hint: "the first start downloads packages; run `deno install` where there is a connection",
    };
  }
  if (isFileSystemError(error)) return { code: "E_IO", exitCode: 5, message: fileFaultOf(error) };
  return {
    code: "E_INTERNAL",
    exitCode: 70,
    message: error.message,
    hint: "please report this; --debug prints the stack",
  };
}

/** Deno's words where a module that is loaded late needs a package that is in no cache. */
const MISSING_PACKAGE =
  /^Failed caching npm package '(?<package>[^']+)'(?:\s*Caused by:)?\s*(?:0: )?(?<cause>.*)/;

/** What the operating system refuses; the other classes of Deno.errors say that we used a resource wrongly. */
const FILE_SYSTEM_ERRORS = [
  Deno.errors.NotFound,
  Deno.errors.PermissionDenied,
  Deno.errors.AlreadyExists,
  Deno.errors.IsADirectory,
  Deno.errors.NotADirectory,
  Deno.errors.FilesystemLoop,
  Deno.errors.WriteZero,
  Deno.errors.UnexpectedEof,
  Deno.errors.BrokenPipe,
];

/** An errno such as `ENOSPC` marks what has no class of its own. */
function isFileSystemError(error: Error): boolean {
  return FILE_SYSTEM_ERRORS.some((kind) => error instanceof kind) ||
    /^E[A-Z]+$/.test(String((error as { code?: unknown }).code));
}
