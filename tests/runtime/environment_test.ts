import assert from "node:assert/strict";
import { Environment } from "../../src/runtime/environment.ts";
import { RuntimeLibraryError } from "../../src/errors.ts";
import { liveHandles } from "../../ffi/owned_pointer.ts";
import { openedDuring } from "../ffi/opened_libraries.ts";

Deno.test("Environment.open() has version, path and providers", () => {
  using environment = Environment.open();
  assert.match(environment.version, /^1\.\d+\.\d+/);
  assert.match(environment.libraryPath, /onnxruntime/);
  assert.ok(environment.availableProviders.includes("CPUExecutionProvider"));
});

Deno.test("Environment.open() shares one native environment until the last close()", () => {
  const first = Environment.open();
  const second = Environment.open({ libraryPath: first.libraryPath });
  assert.equal(liveHandles().Environment, 1);
  first.close();
  first.close();
  assert.equal(liveHandles().Environment, 1);
  second.close();
  assert.equal(liveHandles().Environment, 0);
  assert.equal(liveHandles().MemoryInfo, 0);
});

Deno.test("Environment.open() opens no library again after the last close()", () => {
  Environment.open().close();
  assert.deepEqual(openedDuring(() => Environment.open().close()), []);
});

Deno.test("Environment.open() refuses a second library in one process", () => {
  using _environment = Environment.open();
  assert.throws(() => Environment.open({ libraryPath: "/other.so" }), (error) => {
    assert.ok(error instanceof RuntimeLibraryError);
    assert.match(error.message, /cannot open ONNX Runtime \/other\.so: this process has .* open/);
    return true;
  });
});

Deno.test("Environment.open() refuses an unknown log level", () => {
  assert.throws(
    () => Environment.open({ logSeverityLevel: "loud" as "fatal" }),
    new TypeError(
      'logSeverityLevel is "loud", wanted one of verbose, info, warning, error, fatal',
    ),
  );
});
