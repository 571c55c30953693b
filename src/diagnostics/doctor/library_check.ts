/** Checks which ONNX Runtime library is used, and which candidates failed. @module */
import { RuntimeLibraryError } from "../../errors.ts";
import { findLibrary } from "../../runtime/find_library.ts";
import type { Check } from "./check.ts";

/** @throws {PermissionError} without `--allow-ffi` */
export function checkLibrary(libraryPath: string | undefined): Check {
  const found = findLibrary(libraryPath);
  const tried = found.attempts.filter(({ failure }) => failure !== undefined)
    .map(({ path, source, failure }) => `tried ${path} (${source}): ${failure}`);
  const name = "library";
  if (found.version === undefined) {
    const hint = "run `deno install`, or name the library with --ort_lib or ORT_DYLIB_PATH";
    const error = new RuntimeLibraryError("cannot open ONNX Runtime", { hint });
    return {
      name,
      state: "fail",
      text: [error.message, ...tried].join("\n"),
      hint,
      error,
      data: found,
    };
  }
  const { path, source } = found.attempts.at(-1)!;
  const text = `ONNX Runtime ${found.version}, API ${found.apiVersion}, ${path} (${source})`;
  return { name, state: "ok", text: [text, ...tried].join("\n"), data: found };
}
