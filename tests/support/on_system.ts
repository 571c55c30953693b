/** Runs code as if on another operating system. @module */

/** A name of `Deno.build.os`. */
export type System = typeof Deno.build.os;

/**
 * Calls `act` with `Deno.build.os` set to `os`. `node:path` keeps the separators of this machine:
 * it reads the system when it is loaded.
 */
export async function onSystem<T>(os: System, act: () => T | Promise<T>): Promise<T> {
  const build = Deno.build;
  const set = (value: typeof build) =>
    Object.defineProperty(Deno, "build", { value, configurable: true, writable: true });
  set({ ...build, os });
  try {
    return await act();
  } finally {
    set(build);
  }
}
