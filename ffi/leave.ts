/**
 * Ends the process without the clean-up of native libraries.
 * @module
 */

/** Library that exports `_exit`, by system. */
const C_LIBRARIES: Partial<Record<typeof Deno.build.os, string>> = {
  linux: "libc.so.6",
  darwin: "libSystem.B.dylib",
  windows: "ucrtbase.dll",
};

/**
 * Ends the process with `code` without running destructors. `Deno.exit` runs those of all
 * libraries, and ONNX Runtime's crash while one of its threads still computes. Without
 * `--allow-ffi`, or if `_exit` is not found, `Deno.exit` is called.
 */
export function exitWithoutCleanup(code: number): never {
  const library = C_LIBRARIES[Deno.build.os];
  const granted = Deno.permissions.querySync({ name: "ffi" }).state === "granted";
  if (library !== undefined && granted) {
    try {
      Deno.dlopen(library, { _exit: { parameters: ["i32"], result: "void" } }).symbols._exit(code);
    } catch {
      // a C library of another name
    }
  }
  Deno.exit(code);
}
