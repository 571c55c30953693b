/**
 * Ends the process without the clean-up of native libraries.
 * @module
 */

/** Where `_exit` lies, by system. */
const C_LIBRARIES: Partial<Record<typeof Deno.build.os, string>> = {
  linux: "libc.so.6",
  darwin: "libSystem.B.dylib",
  windows: "ucrtbase.dll",
};

/**
 * Ends the process at once with `code`. `Deno.exit` runs the destructors of all libraries, and
 * those of ONNX Runtime crash while one of its threads still computes; `_exit` runs none. Where it
 * cannot be had, `Deno.exit` it is.
 */
export function leaveAtOnce(code: number): never {
  const library = C_LIBRARIES[Deno.build.os];
  const granted = Deno.permissions.querySync({ name: "ffi" }).state === "granted";
  if (library !== undefined && granted) {
    try {
      Deno.dlopen(library, { _exit: { parameters: ["i32"], result: "void" } }).symbols._exit(code);
    } catch {
      // another C library
    }
  }
  Deno.exit(code);
}
