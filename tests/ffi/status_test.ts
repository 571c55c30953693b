import assert from "node:assert/strict";
import { addressOf } from "../../ffi/pointer.ts";
import { OrtError, throwStatus, trimOrtMessage } from "../../ffi/status.ts";
import { RuntimeLibraryError } from "../../src/errors.ts";

Deno.test("OrtError names function, code and message, and ends a run with exit code 7", () => {
  const error = new OrtError(2, "Invalid input name: zz", "Run");
  assert.equal(
    error.message,
    "ONNX Runtime's Run failed with INVALID_ARGUMENT: Invalid input name: zz",
  );
  assert.equal(error.ortCode, 2);
  assert.equal(error.ortMessage, "Invalid input name: zz");
  assert.ok(error instanceof RuntimeLibraryError);
  assert.equal(error.exitCode, 7);
  assert.equal(new OrtError(99, "new").ortCodeName, "FAIL");
});

Deno.test("throwStatus() copies the message before it releases the status, once", () => {
  const status = addressOf(new Uint8Array(8));
  assert.ok(status);
  const calls: string[] = [];
  const reader = {
    GetErrorCode: () => (calls.push("code"), 9),
    GetErrorMessage: () => (calls.push("message"), "no kernel"),
    ReleaseStatus: () => void calls.push("release"),
  };
  assert.throws(() => throwStatus(reader, status, "CreateSession"), {
    ortCodeName: "NOT_IMPLEMENTED",
  });
  assert.deepEqual(calls, ["code", "message", "release"]);
});

Deno.test("trimOrtMessage() cuts positions, repeated codes and line breaks", () => {
  const prefix = "/onnxruntime_src/onnxruntime/core/session/provider_bridge_ort.cc:2043 " +
    "onnxruntime::Provider& onnxruntime::ProviderLibrary::Get() [ONNXRuntimeError] : 1 : FAIL : ";
  assert.equal(trimOrtMessage(`${prefix}Failed to load\n library x`), "Failed to load library x");
  assert.equal(
    trimOrtMessage(
      "Load failed: /onnxruntime_src/core/graph/model.cc:187 onnxruntime::Model::Model(onnx::ModelProto&&, " +
        "const onnxruntime::ModelOptions&) ModelProto does not have a graph.",
    ),
    "Load failed: ModelProto does not have a graph.",
  );
  assert.equal(trimOrtMessage("plain"), "plain");
});
