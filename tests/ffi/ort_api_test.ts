import assert from "node:assert/strict";
import { NONBLOCKING_SLOTS, ORT_SLOTS, type OrtSlot } from "../../ffi/ort_api.ts";
import { openLibrary } from "../../ffi/library.ts";

/**
 * name: [index, parameters, result], as called with success on ONNX Runtime 1.17.3 to 1.32.0.
 */
type Signatures = Record<string, [number, string[], string]>;
const signatures: Signatures = JSON.parse(
  Deno.readTextFileSync(new URL("../fixtures/ort_signatures.json", import.meta.url)),
);
const slots = Object.entries<OrtSlot>(ORT_SLOTS);

Deno.test("ORT_SLOTS is in header order", () => {
  for (const [i, [name, { index }]] of slots.entries()) {
    if (i > 0) assert.ok(slots[i - 1][1].index < index, `${name} stands too late`);
  }
});

Deno.test("ORT_SLOTS agrees with the signatures that were called with success", () => {
  for (const [name, { index, parameters, result }] of slots) {
    const native = result === "status" ? "pointer" : result;
    assert.deepEqual([index, [...parameters], native], signatures[name], name);
  }
});

Deno.test("ORT_SLOTS lets only the gate's own slots and those that describe a device return something", () => {
  const others = slots.filter(([, { result }]) => result !== "status" && result !== "void");
  assert.deepEqual(others.map(([name]) => name), [
    "GetErrorCode",
    "GetErrorMessage",
    "HardwareDevice_Type",
    "HardwareDevice_VendorId",
    "EpDevice_EpName",
    "EpDevice_EpMetadata",
    "EpDevice_Device",
  ]);
});

Deno.test("OrtApi holds every slot but the gate's, and the nonblocking ones twice", () => {
  const { api } = openLibrary();
  const bound = Object.keys(api).filter((name) => name !== "nonblocking");
  const gate = ["GetErrorCode", "GetErrorMessage", "ReleaseStatus"];
  assert.deepEqual([...bound, ...gate].sort(), slots.map(([name]) => name).sort());
  assert.deepEqual(Object.keys(api.nonblocking), [...NONBLOCKING_SLOTS]);
});
