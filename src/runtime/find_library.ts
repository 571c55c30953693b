/** Where ONNX Runtime was looked for, and what came of it. @module */
import { type LibraryAttempt, searchLibrary } from "../../ffi/library.ts";

export type { LibraryAttempt };

/** What {@link findLibrary} found. */
export interface FoundLibrary {
  /** Places in the order in which they were tried, the last one the library where there is one. */
  readonly attempts: readonly LibraryAttempt[];
  /** Version, absent where nothing opened. */
  readonly version?: string;
  /** Version of the function table in use. */
  readonly apiVersion?: number;
}

/**
 * Looks for ONNX Runtime as {@linkcode Environment.open} does, and says what was tried in place of
 * throwing.
 *
 * @param libraryPath path of the library; when given, nothing else is tried
 * @throws {PermissionError} without `--allow-ffi`
 */
export function findLibrary(libraryPath?: string): FoundLibrary {
  const { attempts, library } = searchLibrary(libraryPath);
  return { attempts, version: library?.version, apiVersion: library?.apiVersion };
}
