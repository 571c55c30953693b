/** File names of libraries, by operating system. @module */

/** Name of a library's file on this system: `libNAME.so`, `libNAME.dylib` or `NAME.dll`. */
export function libraryFile(name: string): string {
  if (Deno.build.os === "windows") return `${name}.dll`;
  return Deno.build.os === "darwin" ? `lib${name}.dylib` : `lib${name}.so`;
}
