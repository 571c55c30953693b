import assert from "node:assert/strict";
import {
  checkDevices,
  type DeviceSettings,
  readDevices,
} from "../../../src/arguments/device_settings.ts";
import { asFlag } from "../../../src/arguments/setting_names.ts";
import { resolveSettings } from "../../../src/arguments/resolve_settings.ts";
import { chooseExecution, poolOptions } from "../../../src/jobs/execution/choose_execution.ts";
import { RuntimeLibraryError, UsageError } from "../../../src/errors.ts";
import { isLocal } from "../../../src/devices/device.ts";
import { cudaDriver } from "../../../src/runtime/providers/cuda/cuda_devices.ts";
import { Environment } from "../../../src/runtime/environment.ts";

function values(given: Partial<DeviceSettings> = {}): DeviceSettings {
  return { ...resolveSettings({ task: "dit" }).settings, ...given };
}

/** Whether an error refuses in the words of a command line. */
function refuses(error: unknown, message: RegExp): boolean {
  if (!(error instanceof UsageError)) return false;
  error.respell(asFlag);
  return message.test(error.message);
}

Deno.test("readDevices() reads CUDA ids and lanes of the CPU", () => {
  assert.equal(readDevices(values()), undefined);
  assert.deepEqual(readDevices(values({ devices: "0,2" })), [
    { provider: "cuda", id: 0 },
    { provider: "cuda", id: 2 },
  ]);
  const lanes = [{ provider: "cpu", id: 0 }, { provider: "cpu", id: 1 }];
  assert.deepEqual(readDevices(values({ devices: "cpu:2" })), lanes);
  assert.deepEqual(readDevices(values({ devices: "cpu" })), lanes.slice(0, 1));
});

Deno.test("readDevices() reads ids of any provider, which the next ids share", () => {
  const read = (devices: string) =>
    readDevices(values({ devices }))!.filter(isLocal).map(({ provider, id }) =>
      `${provider} ${id}`
    );
  assert.deepEqual(read("cuda:0,1"), ["cuda 0", "cuda 1"]);
  assert.deepEqual(read("0,cuda:1"), ["cuda 0", "cuda 1"]);
  assert.deepEqual(read("webgpu:0"), ["webgpu 0"]);
  assert.deepEqual(read("openvino:CPU,AUTO:CPU,GPU.1"), [
    "openvino CPU",
    "openvino AUTO:CPU",
    "openvino GPU.1",
  ]);
  assert.deepEqual(read("nv-tensorrt-rtx:0"), ["nv-tensorrt-rtx 0"]);
  for (const devices of ["webgpu:1", "openvino:0", "openvino:TPU", "coreml:0,0"]) {
    assert.throws(() => read(devices), (error) => refuses(error, /^--devices is .* but takes /));
  }
  assert.throws(
    () => read("cuda:0,webgpu:0"),
    (error) => refuses(error, /^--devices cuda:0,webgpu:0 names devices of two providers/),
  );
});

Deno.test("readDevices() refuses unknown and repeated devices", () => {
  for (
    const devices of ["", "gpu", "0,", ",0", "0,0", "0 1", "-1", "1.5", "cpu:0", "cpu:65", "cpu:-1"]
      .concat([
        "cpu:2,0",
        "cuda:",
        "cuda:0,",
        "٠",
        "0x1",
        "1e3",
        "cpu:",
        "CPU:2",
        "auto,0",
        "9".repeat(30),
      ])
  ) {
    assert.throws(
      () => readDevices(values({ devices })),
      (error) => refuses(error, /^--devices is .* but takes /),
      devices,
    );
  }
});

Deno.test("checkDevices() refuses flags that contradict each other", () => {
  const refused: [Partial<DeviceSettings>, RegExp][] = [
    [{ devices: "0", provider: "cpu" }, /--devices 0 and --provider cpu/],
    [{ devices: "cpu:2", provider: "cuda" }, /--devices cpu:2 and --provider cuda/],
    [{ fallback: "cpu" }, /--fallback is cpu, but --devices names no GPU/],
    [{ devices: "cpu:2", fallback: "cpu" }, /--fallback/],
    [{ buckets: "8,0" }, /--buckets is "8,0" but takes/],
    [{ buckets: "small" }, /--buckets/],
    [{ devices: "1", cudaOptions: "device_id=0" }, /--devices and the device_id/],
  ];
  for (const [given, message] of refused) {
    assert.throws(() => checkDevices(values(given)), (error) => refuses(error, message));
  }
  checkDevices(values({ devices: "0,1", fallback: "cpu" }));
});

Deno.test("poolOptions() divides the cores among lanes, and pads only on CUDA", () => {
  const options = (provider: "cpu" | "cuda", given: Partial<DeviceSettings>) => {
    const all = values(given);
    return poolOptions(all, {
      ...{ provider, session: {}, devices: readDevices(all), remote: {} },
      onNote() {},
    });
  };
  const cores = navigator.hardwareConcurrency;
  const lanes = options("cpu", { devices: "cpu:2" });
  assert.equal(lanes.session?.intraOpNumThreads, Math.max(1, Math.floor(cores / 2)));
  assert.equal(lanes.buckets, undefined);
  assert.equal(options("cpu", { devices: "cpu:2", threads: 1 }).session?.intraOpNumThreads, 1);
  assert.equal(options("cpu", {}).session?.intraOpNumThreads, undefined);
  assert.equal(options("cuda", { devices: "0,1" }).buckets, "auto");
  assert.equal(options("cuda", {}).buckets, "auto");
  assert.deepEqual(options("cpu", { buckets: "8,4" }).buckets, [8, 4]);
  assert.equal(options("cuda", { devices: "0", buckets: "none" }).buckets, undefined);
});

Deno.test("chooseExecution() falls back from CUDA to the CPU only with --fallback", {
  ignore: cudaDriver() !== undefined,
}, async () => {
  using env = Environment.open();
  await assert.rejects(chooseExecution(env, values({ devices: "0,1" })), RuntimeLibraryError);
  const { provider, devices, notes } = await chooseExecution(
    env,
    values({ devices: "0,1", fallback: "cpu" }),
  );
  assert.deepEqual([provider, devices], ["cpu", undefined]);
  const [note] = notes;
  assert.ok(typeof note === "function");
  assert.match(note(asFlag), /driver.*; using the CPU because of --fallback$/);
});
