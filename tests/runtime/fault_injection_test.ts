import assert from "node:assert/strict";
import { GATE_SLOTS, ORT_SLOTS } from "../../ffi/ort_api.ts";
import { runChild } from "../support/run_child.ts";

/**
 * Slots of providers that are not on every machine, which the job cannot reach, and one that only a
 * model from a file reaches.
 */
const BEYOND = [
  "CreateSession",
  "DisableCpuMemArena",
  "DisableMemPattern",
  ...Object.keys(ORT_SLOTS).filter((name) =>
    /Provider(?!s)|CUDA|TensorRT|Ep(?:Device|Assigned|Graph)|HardwareDevice/.test(name)
  ),
  "GetKeyValuePairs",
  "UpdateEnvWithCustomLogLevel",
];

Deno.test("src/runtime/ survives a failure of any call, leaking nothing", async () => {
  const { code, signal, stdout, stderr } = await runChild(
    new URL("fault_injection_child.ts", import.meta.url),
    { flags: ["--allow-ffi", "--allow-read"] },
  );
  assert.equal(code, 0, `signal ${signal}\n${stderr}`);
  const [once, persistent, names] = stdout.split("\n");
  // The number of points is the number of calls that the job makes; a hundred says that it still
  // makes them.
  for (const line of [once, persistent]) {
    assert.ok(Number(/(\d+) points/.exec(line)?.[1]) > 100, line);
  }
  const reached = new Set([...names.split(" "), ...BEYOND, ...GATE_SLOTS]);
  assert.deepEqual([...reached].sort(), Object.keys(ORT_SLOTS).sort());
});
