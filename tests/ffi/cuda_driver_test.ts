// deno-lint-ignore-file house/unsafe-address -- stands in for the loader
import assert from "node:assert/strict";
import { readCudaDriver } from "../../ffi/cuda_driver.ts";
import { RuntimeLibraryError } from "../../src/errors.ts";
import { onSystem } from "../support/on_system.ts";
import { openedDuring } from "./opened_libraries.ts";

const NO_DEVICE = 100;

Deno.test("readCudaDriver() finds no driver with any loader message of Windows", async () => {
  const { dlopen } = Deno;
  const asked: string[] = [];
  const read = (says: string) => () => {
    Deno.dlopen = (path) => {
      asked.push(String(path));
      throw new Error(`Could not open library: ${says}`);
    };
    try {
      return readCudaDriver();
    } finally {
      Deno.dlopen = dlopen;
    }
  };
  assert.equal(
    await onSystem("windows", read("Das angegebene Modul wurde nicht gefunden.")),
    undefined,
  );
  assert.deepEqual(asked.splice(0), ["nvcuda.dll"]);
  assert.equal(await onSystem("darwin", read("")), undefined);
  assert.deepEqual(asked, []);
  await assert.rejects(() => onSystem("linux", read("bad ELF")), RuntimeLibraryError);
});

Deno.test("readCudaDriver() opens the driver once, and reads it every time", {
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
