/** Searches ONNX Runtime and reports the attempts. @module */
import { type LibraryAttempt, searchLibrary } from "../../ffi/library.ts";

export type { LibraryAttempt };

/** Result of {@link findLibrary}. */
export interface FoundLibrary {
  /** Attempts in order; the last one succeeded if a library was found. */
  readonly attempts: readonly LibraryAttempt[];
  /** Version; absent if no library was opened. */
  readonly version?: string;
  /** Version of the function table in use. */
  readonly apiVersion?: number;
}

/**
 * Searches ONNX Runtime as {@linkcode Environment.open} does, and reports failed attempts instead
 * of throwing.
 *
 * @param libraryPath path of the library, the only one that is tried
 * @throws {PermissionError} without `--allow-ffi`
 */
export function findLibrary(libraryPath?: string): FoundLibrary {
  const { attempts, library } = searchLibrary(libraryPath);
  return { attempts, version: library?.version, apiVersion: library?.apiVersion };
}
