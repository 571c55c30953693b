/**
 * Runs with Ray Serve and the servicer of `examples/ray_serve`: bytes, a killed replica, more calls
 * than it queues. Needs a virtual environment with Ray Serve, ONNX Runtime and
 * grpcio-tools in the folder that `PARATAA_RAY` names; skipped without it.
 * `deno task test:ray -- --download` makes it first.
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { DitSettings } from "../../src/arguments/settings.ts";
import { writeTritonRepository } from "../../src/convert/triton/triton_repository.ts";
import { RuntimeLibraryError } from "../../src/errors.ts";
import { sampleRun } from "../../src/jobs/sample_run.ts";
import type { Manifest } from "../../src/runs/manifest.ts";
import { ROOT } from "../support/run_script.ts";
import { readManifest } from "../support/sampling.ts";
import { withTempFolder } from "../support/temp_folder.ts";
import { freePort } from "./triton/server.ts";

const PACKAGES = ["ray[serve]", "onnxruntime", "grpcio-tools"];

const venv = Deno.env.get("PARATAA_RAY");
if (venv !== undefined && Deno.args.includes("--download")) {
  await run("python3", "-m", "venv", venv);
  await run(join(venv, "bin/pip"), "install", "--quiet", ...PACKAGES);
}
const ignore = venv === undefined || Deno.build.os !== "linux";

async function run(command: string, ...args: string[]): Promise<void> {
  const { success } = await new Deno.Command(command, { args }).spawn().status;
  assert.ok(success, `${command} ${args.join(" ")} failed`);
}

/** A cluster of this machine alone, with two replicas. */
interface Ray extends AsyncDisposable {
  host: string;
}

async function startRay(folder: string, model: string): Promise<Ray> {
  const port = freePort();
  const child = new Deno.Command(join(venv!, "bin/python"), {
    args: [
      join(ROOT, "examples/ray_serve/denoiser.py"),
      ...[model, "--local", "--replicas", "2", "--threads", "1"],
      ...["--port", `${port}`, "--http_port", `${freePort()}`],
    ],
    // A machine that does other work starts Ray slowly.
    env: {
      ...{ RAY_TMPDIR: folder, RAY_AUTH_MODE: "disabled" },
      ...{ RAY_raylet_start_wait_time_s: "300", RAY_agent_register_timeout_ms: "300000" },
    },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const log = new Response(child.stderr).text();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = ""; !/^ready$/m.test(text);) {
    const { value, done } = await lines.read();
    if (done) assert.fail(`the server ended: ${(await log).slice(-3000)}`);
    text += value;
  }
  return {
    host: `127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      while (!(await lines.read()).done);
      await log;
      await child.status;
    },
  };
}

/** Processes of replicas, by Ray's title of them. */
async function replicas(): Promise<number[]> {
  const found: number[] = [];
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const title = await Deno.readTextFile(`/proc/${name}/cmdline`).catch(() => "");
    if (/^ray::ServeReplica:.*Denoiser/.test(title)) found.push(Number(name));
  }
  return found;
}

async function sample(
  outputPath: string,
  devices: string,
  onRound: (round: number) => unknown = () => {},
): Promise<{ outputs: unknown; manifest: Manifest }> {
  const settings: DitSettings = {
    ...{ task: "dit", numSamples: 1, numInferenceSteps: 20, windowSize: 20, classLabels: [3] },
    ...{ threads: 1, devices, outputPath },
  };
  let rounds = 0;
  const { path } = await sampleRun("models/dit-emoji", settings, {
    onProgress: ({ event }) => event === "round" && onRound(++rounds),
  });
  const manifest = await readManifest(path);
  const { "args.txt": _, ...outputs } = manifest.outputs;
  return { outputs, manifest };
}

Deno.test("Ray Serve gives the local bytes, also when a replica is killed or the queue is full", {
  ignore,
}, () =>
  withTempFolder(async (folder) => {
    const { signal } = new AbortController();
    const model = "models/dit-emoji", fp16 = false;
    const { name } = await writeTritonRepository({ model, repository: folder, fp16, signal });
    const { outputs: local } = await sample(folder, "cpu:1");
    await using ray = await startRay(folder, join(folder, name));
    const devices = `grpc://${ray.host}/${name}`;
    const { outputs, manifest: { served } } = await sample(folder, `${devices}*2`);
    assert.deepEqual(outputs, local);
    const [{ probe, ...rest }] = served!;
    console.log(`served: ${JSON.stringify(rest)}, probe ${probe.slice(0, 12)}`);
    assert.match(rest.server, /^ray serve \d/);
    const before = await replicas();
    assert.equal(before.length, 2);
    const killed = await sample(folder, `${devices}*2`, (round) => {
      if (round === 2) Deno.kill(before[0], "SIGKILL");
    });
    const faults = killed.manifest.devices!.flatMap(({ faults }) => faults);
    console.log(`killed: ${JSON.stringify(faults)}`);
    assert.deepEqual(killed.outputs, local);
    assert.deepEqual((await sample(folder, `cpu:1,${devices}*8`)).outputs, local);
    await assert.rejects(sample(folder, `${devices}x`), (error: Error) => {
      console.log(`refused: ${error.message}`);
      return error instanceof RuntimeLibraryError && /unknown model/.test(error.message);
    });
  }));
