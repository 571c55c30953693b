import assert from "node:assert/strict";
import { minorOf } from "../../../ffi/bind_api.ts";
import { NETWORKS } from "../../../src/diagnostics/selftest/selftest_networks.ts";
import { Environment } from "../../../src/runtime/environment.ts";
import { OLDEST_WEBGPU } from "../../../src/runtime/providers/webgpu.ts";
import { lavapipe } from "../../support/lavapipe.ts";
import { type ChildResult, runChild } from "../../support/run_child.ts";
import { withTempFolder } from "../../support/temp_folder.ts";

type Facts = Record<string, unknown> & { check: string };

/** Variables that give a process a Vulkan driver; the tests are skipped without. */
const vulkan = await lavapipe();
const ignore = vulkan === undefined || isTooOld();

/** Whether the library is one whose WebGPU is refused. */
function isTooOld(): boolean {
  using env = Environment.open();
  return minorOf(env.version) < OLDEST_WEBGPU;
}

/** WebGPU runs in a process of its own: its faults end the process. */
async function child(
  groups: string,
  { env = vulkan, args = [] }: { env?: Record<string, string>; args?: string[] } = {},
): Promise<{ facts: Facts[]; result: ChildResult }> {
  const script = new URL("webgpu_child.ts", import.meta.url);
  return await withTempFolder(async (folder) => {
    const flags = ["--allow-all", "--no-check"];
    const result = await runChild(script, { flags, args: [folder, groups, ...args], env });
    const lines = result.stdout.split("\n").filter((line) => line.startsWith("{"));
    return { facts: lines.map((line) => JSON.parse(line)), result };
  });
}

Deno.test({
  name: "WebGPU binds inputs anew, has float16, and refuses tensors that would crash it",
  ignore,
}, async () => {
  const { facts: [binding, half, bound, auto], result } = await child("session");
  assert.equal(result.code, 0, result.stderr);
  assert.deepEqual([binding.first, binding.second], [[2, 4, 6, 8], [20, 40, 60, 80]]);
  assert.match(String(binding.device), /llvmpipe/);
  assert.deepEqual(half.back, [1, -2.5]);
  assert.match(String(bound.message), /^out of memory: "x" takes 1\.00 GiB, the WebGPU provider/);
  const notes = auto.notes as string[];
  assert.equal(auto.provider, "cpu");
  assert.match(notes[0], /^WebGPU has only a software adapter \(llvmpipe.*\); using the CPU$/);
  // Dawn's own warnings are not for users.
  assert.equal(result.stderr, "");
});

Deno.test({
  name: "WebGPU gives the CPU's networks, rounds and images, resumes after SIGTERM, falls back",
  ignore,
}, async () => {
  const { facts, result } = await child("networks,samples,resume,deadline");
  assert.equal(result.code, 0, `signal ${result.signal}: ${result.stderr}`);
  const of = (check: string) => facts.filter((fact) => fact.check === check);
  assert.deepEqual(of("network").map(({ network }) => network), NETWORKS);
  for (const { network, relative, placement } of of("network")) {
    assert.ok(Number(relative) < 1e-4, `${network}`);
    const { nodes, onCpu } = (placement ?? { nodes: 1, onCpu: 0 }) as Record<string, number>;
    assert.ok(onCpu < nodes / 5, `${network}: ${onCpu} of ${nodes} nodes on the CPU`);
  }
  for (const { task, provider, precision, rounds, levels } of of("sample")) {
    const [gpu, cpu] = rounds as number[];
    assert.deepEqual([provider, precision], ["webgpu", "float32"]);
    assert.equal(gpu, cpu, `${task}`);
    assert.ok(Number(levels) <= 1, `${task}: ${levels} levels`);
  }
  assert.equal(of("sample").length, 2);
  assert.deepEqual(of("resume"), [
    { check: "resume", code: 143, status: "interrupted", equal: true },
  ]);
  assert.deepEqual(of("deadline"), [{
    check: "deadline",
    status: "complete",
    devices: ["webgpu:0 lost false hang", "cpu (fallback) ready true "],
  }]);
});

Deno.test({ name: "WebGPU survives runs with two samples at once", ignore }, async () => {
  // deno task test:webgpu makes 50.
  const count = Number(Deno.env.get("PARATAA_WEBGPU_RUNS") ?? 5);
  const { facts, result } = await child("many", { args: [`${count}`] });
  assert.equal(result.code, 0, `signal ${result.signal}: ${result.stderr}`);
  assert.deepEqual(facts, [{ check: "many", count, different: 1 }]);
});

Deno.test({ name: "WebGPU names what is missing: a driver, the loader", ignore }, async () => {
  const failed = async (env: Record<string, string>) => {
    const { facts, result } = await child("failure", { env: { ...vulkan, ...env } });
    assert.equal(result.code, 0, result.stderr);
    assert.deepEqual(facts[0], facts[1]);
    const { message, hint, exitCode } = facts[0];
    assert.equal(exitCode, 7);
    assert.equal(result.stderr, "");
    return `${message} - ${hint}`;
  };
  assert.equal(
    await failed({ VK_ICD_FILENAMES: "/nonexistent/icd.json" }),
    "cannot use the WebGPU provider: the Vulkan loader found no driver - install your GPU's Vulkan " +
      "driver (mesa-vulkan-drivers for AMD and Intel)",
  );
  await withTempFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/libvulkan.so.1`, "");
    assert.match(
      await failed({ LD_LIBRARY_PATH: folder }),
      /: the Vulkan loader cannot be opened \(.*libvulkan\.so\.1: file too short\) - install it/,
    );
  });
});
