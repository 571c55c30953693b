/**
 * What native code prints to stderr during a call. Some causes of a failure are only printed: those
 * of Dawn (WebGPU), and those of ONNX Runtime's bridge to OpenVINO.
 * @module
 */
import { addressOf } from "./pointer.ts";

/** Functions of the C library on Linux, where the flags of `pipe2` are known. */
const C_SYMBOLS = {
  pipe2: { parameters: ["buffer", "i32"], result: "i32" },
  dup: { parameters: ["i32"], result: "i32" },
  dup2: { parameters: ["i32", "i32"], result: "i32" },
  read: { parameters: ["i32", "pointer", "usize"], result: "isize" },
  write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  close: { parameters: ["i32"], result: "i32" },
} as const satisfies Record<string, Deno.ForeignFunction>;

const STDERR = 2;
/** `O_CLOEXEC | O_NONBLOCK`: a full pipe must lose text rather than block the call. */
const PIPE_FLAGS = 0o2000000 | 0o4000;
/** What a pipe holds by default. */
const MAX_BYTES = 64 * 1024;

let library: Deno.DynamicLibrary<typeof C_SYMBOLS> | undefined;

/**
 * Calls `work` while the process' stderr goes into a pipe. Text that other threads print meanwhile
 * is captured too. On other systems than Linux nothing is captured.
 *
 * @param options `forward`: whether the text is printed afterwards
 * @returns what `work` returned or threw, and the printed text
 */
export function captureStderr<T>(
  work: () => T,
  { forward }: { readonly forward: boolean },
): { readonly text: string } & ({ readonly value: T } | { readonly error: unknown }) {
  const restore = Deno.build.os === "linux" ? redirect(forward) : undefined;
  try {
    const value = work();
    return { value, text: restore?.() ?? "" };
  } catch (error) {
    return { error, text: restore?.() ?? "" };
  }
}

/** Redirects stderr; the returned function restores it and returns what was printed. */
function redirect(forward: boolean): (() => string) | undefined {
  library ??= Deno.dlopen("libc.so.6", C_SYMBOLS);
  const { pipe2, dup, dup2, read, write, close } = library.symbols;
  const ends = new Int32Array(2);
  if (pipe2(ends, PIPE_FLAGS) !== 0) return undefined;
  const [readEnd, writeEnd] = ends;
  const saved = dup(STDERR);
  if (saved < 0) {
    for (const end of ends) close(end);
    return undefined;
  }
  dup2(writeEnd, STDERR);
  close(writeEnd);
  return () => {
    dup2(saved, STDERR);
    close(saved);
    const bytes = new Uint8Array(MAX_BYTES);
    const length = Number(read(readEnd, addressOf(bytes), BigInt(bytes.length)));
    close(readEnd);
    const printed = bytes.subarray(0, Math.max(0, length));
    if (forward) write(STDERR, printed, BigInt(printed.length));
    return new TextDecoder().decode(printed);
  };
}
