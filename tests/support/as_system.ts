/**
 * Preloaded by `deno task test:portable`: sets `Deno.build.os` of this process to the system that
 * PARATAA_OS names, if it does.
 * @module
 */
const os = Deno.env.get("PARATAA_OS") as typeof Deno.build.os | undefined;
if (os) {
  const value = { ...Deno.build, os };
  Object.defineProperty(Deno, "build", { value, configurable: true, writable: true });
}
