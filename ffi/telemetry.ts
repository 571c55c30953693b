/** Turns off the telemetry of ONNX Runtime. @module */

/**
 * Library that exports `setenv`. On Windows ONNX Runtime writes to the system's log instead, which
 * `DisableTelemetryEvents` turns off.
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
 * below `~/.cache/Microsoft` and send events as soon as they are opened, before
 * `DisableTelemetryEvents` can be called. Native code reads the variable, so setting it needs no
 * `--allow-env`. Only the first call sets it: V8 may keep the page of native code that Deno
 * generates for a bound function, even after its library is closed.
 */
export function disableTelemetry(): void {
  const path = C_LIBRARY[Deno.build.os];
  if (disabled || path === undefined) return;
  const library = Deno.dlopen(path, {
    setenv: { parameters: ["buffer", "buffer", "i32"], result: "i32" },
  });
  const text = (content: string) => new TextEncoder().encode(`${content}\0`);
  const overwrite = 0; // keep a value that the user has set
  library.symbols.setenv(text("ORT_DISABLE_TELEMETRY"), text("1"), overwrite);
  library.close();
  disabled = true;
}
