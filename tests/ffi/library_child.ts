/**
 * Opens ONNX Runtime under the permissions and variables it was given and prints what came of it:
 * library_test.ts reads it.
 * @module
 */
import { openLibrary } from "../../ffi/library.ts";
import { ParataaError } from "../../src/errors.ts";

try {
  console.log(`opened ${openLibrary().path}`);
} catch (error) {
  if (!(error instanceof ParataaError)) throw error;
  console.log(`${error.name} ${error.exitCode}: ${error.message} | ${error.hint}`);
}
