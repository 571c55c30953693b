/**
 * Turns off what ONNX Runtime tells its maker.
 * @module
 */

/**
 * Where `setenv` lives. On Windows ONNX Runtime writes to the system's own log instead, and
 * `DisableTelemetryEvents` ends that.
 */
const C_LIBRARY: Partial<Record<typeof Deno.build.os, string>> = {
  linux: "libc.so.6",
  darwin: "/usr/lib/libSystem.B.dylib",
};

let disabled = false;

/**
 * Sets `ORT_DISABLE_TELEMETRY=1` for native code in this process, unless the user has set it.
 *
 * From 1.30 on, official builds for Linux and macOS run `blkid` and `hostname`, keep a database
 * below `~/.cache/Microsoft` and send events from the moment they are opened;
 * `DisableTelemetryEvents` comes too late for that. The variable is read by native code, so that
 * setting it here needs no `--allow-env`. The first call does it, the rest nothing: V8 may keep the
 * page of native code that Deno makes for a function it binds, also when the library is closed
 * again.
 */
export function disableTelemetry(): void {
  const path = C_LIBRARY[Deno.build.os];
  if (disabled || path === undefined) return;
  const library = Deno.dlopen(path, {
    setenv: { parameters: ["buffer", "buffer", "i32"], result: "i32" },
  });
  const text = (content: string) => new TextEncoder().encode(`${content}\0`);
  const keepTheUsers = 0;
  library.symbols.setenv(text("ORT_DISABLE_TELEMETRY"), text("1"), keepTheUsers);
  library.close();
  disabled = true;
}
