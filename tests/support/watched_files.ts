/** Observes file operations of the process below one folder, and can make them fail. @module */
import { resolve, sep } from "node:path";

/** A call of Deno's file system. */
export interface FileOperation {
  /** Number of the call, from 1. */
  index: number;
  name: "open" | "mkdir" | "rename" | "remove" | "read" | "write" | "sync" | "truncate" | "lock";
  path: string;
  /** Whether the operation has been done. */
  when: "before" | "after";
}

/**
 * Is called before and after every operation; an error that it throws becomes the operation's. It
 * may shorten a write.
 */
export type Observer = (operation: FileOperation) => "short" | undefined | void;

type Method = "read" | "write" | "sync" | "syncData" | "truncate" | "tryLock";
const METHODS: Record<Method, FileOperation["name"]> = {
  read: "read",
  write: "write",
  sync: "sync",
  syncData: "sync",
  truncate: "truncate",
  tryLock: "lock",
};
type Paths = ["open" | "mkdir" | "rename" | "remove", (...args: unknown[]) => Promise<unknown>][];

/** Calls `observe` around every operation below `root`, until the result is disposed of. */
export function watchFiles(root: string, observe: Observer): Disposable {
  const paths = new WeakMap<Deno.FsFile, string>();
  const restore: (() => void)[] = [];
  let index = 0;
  const inside = (path: unknown): path is string =>
    typeof path === "string" && `${resolve(path)}${sep}`.startsWith(resolve(root) + sep);
  const around = async <T>(
    name: FileOperation["name"],
    path: string,
    act: (short: boolean) => Promise<T>,
  ): Promise<T> => {
    const operation = { index: ++index, name, path };
    const short = observe({ ...operation, when: "before" }) === "short";
    const result = await act(short);
    observe({ ...operation, when: "after" });
    return result;
  };
  const own = { open: Deno.open, mkdir: Deno.mkdir, rename: Deno.rename, remove: Deno.remove };
  for (const [name, call] of Object.entries(own) as Paths) {
    const put = (f: unknown) => Object.assign(Deno, { [name]: f });
    restore.push(() => put(call));
    put(async (...args: unknown[]) => {
      if (!inside(args[0])) return await call(...args);
      const result = await around(name, args[0], () => call(...args));
      if (name === "open") paths.set(result as Deno.FsFile, args[0]);
      return result;
    });
  }
  const prototype = Deno.FsFile.prototype as unknown as Record<string, unknown>;
  for (const [method, name] of Object.entries(METHODS)) {
    const own = prototype[method] as (...args: unknown[]) => Promise<unknown>;
    restore.push(() => prototype[method] = own);
    prototype[method] = async function (this: Deno.FsFile, ...args: unknown[]) {
      const path = paths.get(this);
      if (path === undefined) return await own.apply(this, args);
      return await around(name, path, (short) => own.apply(this, short ? halved(args) : args));
    };
  }
  return { [Symbol.dispose]: () => restore.forEach((undo) => undo()) };
}

function halved([bytes, ...rest]: unknown[]): unknown[] {
  const whole = bytes as Uint8Array;
  return [whole.subarray(0, Math.ceil(whole.length / 2)), ...rest];
}

/** Errors that Deno throws for each system error. */
export const REFUSALS: Readonly<Record<string, () => Error>> = {
  EIO: () => coded("EIO", "Input/output error (os error 5)"),
  ENOSPC: () => coded("ENOSPC", "No space left on device (os error 28)"),
  EROFS: () => coded("EROFS", "Read-only file system (os error 30)"),
  EMFILE: () => coded("EMFILE", "Too many open files (os error 24)"),
  EACCES: () =>
    Object.assign(new Deno.errors.PermissionDenied("Permission denied (os error 13)"), {
      code: "EACCES",
    }),
};

function coded(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
