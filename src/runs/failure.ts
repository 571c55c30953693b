/** Describes an error for the manifest and for the exit of a command. @module */
import { ParataaError } from "../errors.ts";
import { fileFaultOf } from "../formats/file_fault.ts";

/** Description of an error. */
export interface Failure {
  /** Error code, `E_…`. */
  code: string;
  exitCode: number;
  message: string;
  /** What the user can do. */
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

/** Message of Deno when a module loaded later imports a package that is not cached. */
const MISSING_PACKAGE =
  /^Failed caching npm package '(?<package>[^']+)'(?:\s*Caused by:)?\s*(?:0: )?(?<cause>.*)/;

/** Errors of the file system. Other classes of Deno.errors indicate a bug in parataa. */
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

/** Errors without a class of their own have an errno such as `ENOSPC`. */
function isFileSystemError(error: Error): boolean {
  return FILE_SYSTEM_ERRORS.some((kind) => error instanceof kind) ||
    /^E[A-Z]+$/.test(String((error as { code?: unknown }).code));
}
