/**
 * WebGPU on whatever adapter the process has; prints one line of JSON per check.
 * Arguments: a folder, and the name of a group of checks.
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { openLibrary } from "../../../ffi/library.ts";
import { measureNetwork } from "../../../src/diagnostics/selftest/selftest_measure.ts";
import { NETWORKS } from "../../../src/diagnostics/selftest/selftest_networks.ts";
import { chooseProvider } from "../../../src/jobs/execution/choose_provider.ts";
import { decodePng } from "../../../src/images/png_pixels.ts";
import { Environment } from "../../../src/runtime/environment.ts";
import { InferenceSession } from "../../../src/runtime/inference_session.ts";
import type { Manifest } from "../../../src/runs/manifest.ts";
import { openProvider } from "../../../src/runtime/providers/open_provider.ts";
import { Tensor } from "../../../src/runtime/tensor.ts";
import { addModel, castModel } from "../../support/models.ts";
import { outputsOf, readManifest, runQuietly } from "../../support/sampling.ts";
import { ROOT } from "../../support/run_script.ts";
import { writeTinyDit } from "../../support/tiny_dit.ts";

const [folder, group] = Deno.args;
const webgpu = { provider: "webgpu" } as const;
const report = (check: string, facts: object) => console.log(JSON.stringify({ check, ...facts }));

/** Inputs are read anew by each run; tensors above the bound and Workers are refused. */
async function checkSession(): Promise<void> {
  using env = Environment.open();
  const { device } = await openProvider(env, webgpu);
  await using session = await InferenceSession.create(env, addModel(), webgpu);
  using x = new Tensor(env, "float32", [4], Float32Array.of(1, 2, 3, 4));
  using y = new Tensor(env, "float32", [4]);
  using binding = session.bind({ x }, { y });
  await binding.run();
  const first = [...y.data as Float32Array];
  x.data.set([10, 20, 30, 40] as never);
  await binding.run();
  report("binding", { device, first, second: [...y.data as Float32Array] });
  await using caster = await InferenceSession.create(env, castModel(), webgpu);
  using half = new Tensor(env, "float32", [2], Float32Array.of(1.0001, -2.5));
  const { back } = await caster.run({ x: half });
  report("float16", { back: [...back.data as Float32Array] });
  back.close();
  using large = new Tensor(env, "float32", [2 ** 28 + 1]);
  const refused = await caster.run({ x: large }).catch((error) => error);
  report("bound", { message: refused.message, hint: refused.hint });
  assert.throws(() => binding.runSync(), /take turns/);
  const { provider, notes } = await chooseProvider(env, { provider: "auto" });
  report("auto", { provider, notes });
}

async function checkNetworks(): Promise<void> {
  using env = Environment.open();
  const { signal } = new AbortController();
  for (const network of NETWORKS) {
    const file = join(ROOT, "models", network, "model.onnx");
    const options = { network, file, session: webgpu, batches: [], signal };
    const { difference, placement } = await measureNetwork(env, options);
    report("network", { network, relative: difference.relative, placement });
  }
}

/** The same samples on WebGPU and on the CPU. */
async function checkSamples(): Promise<void> {
  // The default window is measured on the device: runs of two would not be alike.
  const flags = ["--timesteps=2", "--window_size=2", "--num_samples=1"];
  flags.push("-o", join(folder, "samples"));
  for (const task of ["dit", "sd"] as const) {
    const args = task === "dit" ? ["--class_labels=3", ...flags] : ["--prompt=frog", ...flags];
    const runs = [];
    for (const provider of ["webgpu", "cpu"]) {
      const path = await runQuietly(task, [...args, `--provider=${provider}`]);
      const manifest = await readManifest(path);
      const { rounds } = manifest.samples[0] as { rounds: number };
      const names = Object.keys(manifest.outputs).filter((name) => /step_\d+\.png$/.test(name));
      runs.push({ path, rounds, names, ...pick(manifest) });
    }
    const [gpu, cpu] = runs;
    assert.deepEqual(gpu.names, cpu.names);
    const levels = await Promise.all(
      gpu.names.map((name) => largestLevel(join(gpu.path, name), join(cpu.path, name))),
    );
    const { provider, device, precision } = gpu;
    report("sample", {
      ...{ task, provider, device, precision, rounds: [gpu.rounds, cpu.rounds] },
      levels: Math.max(...levels),
    });
  }
}

function pick({ provider, device, precision }: Manifest) {
  return { provider, device, precision };
}

async function largestLevel(a: string, b: string): Promise<number> {
  const [first, second] = await Promise.all(
    [a, b].map(async (path) => decodePng(await Deno.readFile(path)).data),
  );
  assert.equal(first.length, second.length);
  return first.reduce((most, value, i) => Math.max(most, Math.abs(value - second[i])), 0);
}

/** A call that outlasts its deadline: the CPU takes over, and the VAE still decodes on WebGPU. */
async function checkDeadline(): Promise<void> {
  const { nonblocking } = openLibrary().api;
  const { RunWithBinding: run } = nonblocking;
  nonblocking.RunWithBinding = async (...parameters) => {
    nonblocking.RunWithBinding = run;
    await new Promise((resolve) => setTimeout(resolve, 4000));
    await run(...parameters);
  };
  const path = await runQuietly("dit", [
    ...["-m", await writeTinyDit(folder), "--timesteps=3", "--num_samples=1", "--buckets=none"],
    ...["-o", join(folder, "late"), "--devices=webgpu:0", "--deadline=3", "--fallback=cpu"],
    "--window_size=3",
  ]);
  const { status, devices } = await readManifest(path);
  report("deadline", {
    status,
    devices: devices!.map(({ name, state, rows, faults }) =>
      `${name} ${state} ${rows > 0} ${faults.map(({ kind }) => kind)}`
    ),
  });
}

/** A run that SIGTERM ends after its first round, and resumes. */
async function checkResume(): Promise<void> {
  const args = ["--class_labels=3", "--timesteps=2", "--window_size=2", "--num_samples=1"];
  args.push("--provider=webgpu");
  const whole = await runQuietly("dit", [...args, "-o", join(folder, "whole")]);
  const out = join(folder, "broken");
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", join(ROOT, "scripts/parallel_dit.ts"), ...args, "-o", out, "--json"],
    cwd: ROOT,
    stdout: "piped",
  }).spawn();
  let printed = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    printed += text;
    if (!printed.includes('"round"')) continue;
    child.kill("SIGTERM");
    break;
  }
  const { code } = await child.status;
  const [{ name }] = Deno.readDirSync(out);
  const { status } = await readManifest(join(out, name));
  const resumed = await runQuietly("dit", ["--resume", join(out, name)]);
  const [first, second] = await Promise.all([outputsOf(whole), outputsOf(resumed)]);
  report("resume", { code, status, equal: JSON.stringify(first) === JSON.stringify(second) });
}

/** Many runs in one process, two samples at once: sessions are made, run and released together. */
async function checkMany(count: number): Promise<void> {
  const model = await writeTinyDit(folder);
  const wanted = new Set<string>();
  for (let run = 0; run < count; run++) {
    const out = join(folder, "many");
    const path = await runQuietly("dit", [
      ...["-m", model, "-o", out, "--timesteps=3", "--num_samples=2", "--concurrent_samples=2"],
      ...["--devices=webgpu:0", "--window_size=3"],
    ]);
    wanted.add(JSON.stringify(await outputsOf(path)));
    await Deno.remove(out, { recursive: true });
  }
  report("many", { count, different: wanted.size });
}

/** What a machine without a usable adapter says, twice: some causes are printed once only. */
async function checkFailure(): Promise<void> {
  using env = Environment.open();
  for (let i = 0; i < 2; i++) {
    const error = await InferenceSession.create(env, addModel(), webgpu).catch((error) => error);
    report("failure", { message: error.message, hint: error.hint, exitCode: error.exitCode });
  }
}

const GROUPS: Record<string, () => Promise<void>> = {
  session: checkSession,
  networks: checkNetworks,
  samples: checkSamples,
  deadline: checkDeadline,
  resume: checkResume,
  failure: checkFailure,
  many: () => checkMany(Number(Deno.args[2])),
};

if (import.meta.main) {
  for (const name of group.split(",")) await GROUPS[name]();
}
