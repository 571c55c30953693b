import assert from "node:assert/strict";
import { readCudaDriver } from "../../ffi/cuda_driver.ts";
import { openedDuring } from "./opened_libraries.ts";

const NO_DEVICE = 100;

Deno.test("readCudaDriver() opens the driver once, and asks it every time", {
  ignore: Deno.build.os !== "linux",
}, () => {
  let asked = 0;
  const driver = {
    cuDriverGetVersion: (version: Int32Array) => void (version[0] = 13_010),
    cuInit: () => (asked++, NO_DEVICE),
    cuGetErrorString: () => NO_DEVICE,
  };
  const standIns = { "libcuda.so.1": driver };
  const opened = openedDuring(() => {
    for (let i = 0; i < 2; i++) {
      assert.deepEqual(readCudaDriver(), {
        version: "13.1",
        devices: [],
        problem: "CUDA error 100: unknown",
      });
    }
  }, standIns);
  assert.deepEqual(opened, ["libcuda.so.1"]);
  assert.equal(asked, 2);
});
