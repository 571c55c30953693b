import assert from "node:assert/strict";
import { readCudaDriver } from "../../../ffi/cuda_driver.ts";
import { permissionFlags } from "../../../src/arguments/permissions.ts";
import { COMMANDS } from "../../../src/cli/commands/commands.ts";
import { largestDifference } from "../../../src/diagnostics/selftest/selftest_networks.ts";
import { checkDifference, runSelftest } from "../../../src/cli/commands/selftest_script.ts";
import { NumericalError, UsageError, VerificationError } from "../../../src/errors.ts";
import { runScript } from "../../support/run_script.ts";

const SCRIPT = "scripts/selftest.ts";
const granted = permissionFlags(COMMANDS.selftest.permissions);

Deno.test("selftest runs every network on the CPU within its permissions, and names the device", async () => {
  const args = ["--batches=1,3", "--threads=1", "--tolerance=0", "--json"];
  const { code, stdout, stderr } = await runScript(SCRIPT, args, { permissions: granted });
  assert.equal(code, 0, stderr);
  const report = JSON.parse(stdout);
  assert.equal(report.device, "cpu");
  assert.match(report.libraries[0].sha256, /^[0-9a-f]{64}$/);
  assert.equal(report.networks.length, 8);
  for (const { network, difference, times } of report.networks) {
    assert.deepEqual(difference, { absolute: 0, relative: 0 }, network);
    assert.deepEqual(times.map(({ batch }: { batch: number }) => batch), [1, 3]);
    for (const { first, median } of times) assert.ok(first > 0 && median > 0, network);
  }
});

Deno.test("selftest prints an aligned table with a line for each network", async () => {
  const { code, stdout } = await runScript(SCRIPT, ["--batches=1"], { permissions: granted });
  assert.equal(code, 0);
  const lines = stdout.trimEnd().split("\n");
  const head = lines.findIndex((line) => line.startsWith("network"));
  assert.match(lines[0], /^device cpu$/);
  assert.equal(lines.length - head - 1, 8);
  for (const line of lines.slice(head)) assert.equal(line.length, lines[head].length, line);
});

Deno.test("selftest without one of its permissions exits with 4 and one line", async () => {
  const cases = [
    granted.slice(1),
    [granted[0]],
    ["--allow-ffi", "--allow-read=models"],
    ["--allow-ffi", "--allow-read=node_modules/onnxruntime-node"],
  ];
  for (const permissions of cases) {
    const { code, stderr } = await runScript(SCRIPT, ["--batches=1"], { permissions });
    assert.equal(code, 4, `${permissions}: ${stderr}`);
    assert.match(stderr, /^parataa: E_PERMISSION: .*--allow-(ffi|read).*\n$/);
  }
});

Deno.test("selftest on an unavailable device exits with 7 and one line", async () => {
  const { code, stdout, stderr } = await runScript(SCRIPT, ["--device=cuda:0"], {
    permissions: granted,
  });
  if (readCudaDriver()) return; // then it depends on the machine
  assert.equal(code, 7);
  assert.equal(stdout, "");
  assert.equal(
    stderr,
    "parataa: E_RUNTIME: cannot use the CUDA provider: no NVIDIA driver (libcuda.so.1 is not on this machine)" +
      " - use the CPU (--provider cpu)\n",
  );
});

Deno.test("runSelftest() refuses bad flags and names the fault", async () => {
  const cases: [arg: string, message: string][] = [
    [
      "--device=gpu",
      '--device is "gpu" but takes cpu, cuda:N, webgpu:0, openvino:CPU and the like',
    ],
    [
      "--device=cuda:-1",
      '--device is "cuda:-1" but takes cpu, cuda:N, webgpu:0, openvino:CPU and the like',
    ],
    ["--batches=1,0", '--batches has "0", wanted whole numbers, 1-4096'],
    ["--batches=1,", '--batches has "", wanted whole numbers, 1-4096'],
  ];
  for (const [arg, message] of cases) {
    await assert.rejects(runSelftest([arg], new AbortController().signal), new UsageError(message));
  }
});

Deno.test("largestDifference() is relative to the reference's RMS, and NaN if a value is", () => {
  const reference = Float32Array.of(3, -3, 3, -3);
  const near = Float32Array.of(3, -3, 3.75, -3);
  assert.deepEqual(largestDifference([near], [reference]), { absolute: 0.75, relative: 0.25 });
  const lost = Float32Array.of(3, NaN, 3, -3);
  assert.ok(Number.isNaN(largestDifference([reference, lost], [reference, reference]).relative));
});

Deno.test("checkDifference() passes only results within the tolerance", () => {
  const result = (relative: number) => ({
    network: "n",
    difference: { absolute: relative, relative },
    times: [],
  });
  const limits = { device: "cuda:0", tolerance: 0.05 };
  checkDifference(result(0.05), limits);
  assert.throws(() => checkDifference(result(0.051), limits), VerificationError);
  assert.throws(() => checkDifference(result(Infinity), limits), VerificationError);
  assert.throws(() => checkDifference(result(NaN), limits), NumericalError);
});
