/**
 * Runs against NVIDIA's Triton: bytes, faults, TLS, authentication, the cost of a round. Needs a
 * virtual environment with PyPI's nvidia-pytriton and onnxruntime in the folder that
 * `PARATAA_TRITON` names; skipped without it. `deno task test:triton -- --download` makes it first.
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { DitSettings, SdSettings } from "../../src/arguments/settings.ts";
import { RuntimeLibraryError } from "../../src/errors.ts";
import { sampleRun } from "../../src/jobs/sample_run.ts";
import type { Manifest } from "../../src/runs/manifest.ts";
import { readManifest } from "../support/sampling.ts";
import { withTempFolder } from "../support/temp_folder.ts";
import { addHalves, addModel, type Changes } from "./triton/repository.ts";
import { roundCost } from "./triton/round_cost.ts";
import { install, installationIn, startTriton, type Triton } from "./triton/server.ts";

const venv = Deno.env.get("PARATAA_TRITON");
if (venv !== undefined && Deno.args.includes("--download")) await install(venv);
const ignore = venv === undefined || Deno.build.os !== "linux";

const MODEL = "models/dit-emoji";
const SETTINGS: DitSettings = {
  ...{ task: "dit", numSamples: 1, numInferenceSteps: 20, windowSize: 20, classLabels: [3] },
  threads: 1,
};

/** A run, and the hashes of its files that do not name devices. */
interface Sampled {
  outputs: unknown;
  manifest: Manifest;
}

/** Samples a DiT; `onRound` is called with the number of every round. */
async function sample(
  outputPath: string,
  devices: string,
  { onRound = () => {}, ...settings }: Partial<DitSettings> & {
    onRound?: (round: number) => unknown;
  } = {},
): Promise<Sampled> {
  let rounds = 0;
  const all: DitSettings = { ...SETTINGS, ...settings, devices, outputPath };
  const { path } = await sampleRun(MODEL, all, {
    onProgress: ({ event }) => event === "round" && onRound(++rounds),
  });
  return await sampled(path);
}

async function sampled(path: string): Promise<Sampled> {
  const manifest = await readManifest(path);
  const { "args.txt": _, ...outputs } = manifest.outputs;
  return { outputs, manifest };
}

/** A repository with dit-emoji and its name, on a server. */
function withTriton(
  test: (bench: { folder: string; triton: Triton; devices: string; repository: string }) => Promise<
    void
  >,
  { flags, ...changes }: Changes & { flags?: readonly string[] } = {},
): Promise<void> {
  return withTempFolder(async (folder) => {
    const repository = join(folder, "repository");
    const name = await addModel(repository, MODEL, changes);
    await using triton = await startTriton(installationIn(venv!), { repository, flags });
    const devices = `grpc://${triton.host}/${name}`;
    await test({ folder, triton, devices, repository });
  });
}

const faultsOf = ({ devices }: Manifest) =>
  devices!.flatMap(({ faults }) => faults.map(({ kind, count }) => `${kind} ${count}`));

let local: unknown;
Deno.test(
  "local bytes, which all others must equal",
  { ignore },
  () =>
    withTempFolder(async (folder) => {
      local = (await sample(folder, "cpu:1")).outputs;
    }),
);

Deno.test(
  "two lanes, and a lane of this machine beside them, give the local bytes",
  { ignore },
  () =>
    withTriton(async ({ folder, devices, triton }) => {
      const remote = await sample(folder, `${devices}*2`);
      assert.deepEqual(remote.outputs, local);
      const [{ probe, ...served }] = remote.manifest.served!;
      console.log(`served: ${JSON.stringify(served)}, probe ${probe.slice(0, 12)}`);
      assert.match(served.server, /^triton \d+\.\d+\.\d+$/);
      assert.deepEqual((await sample(folder, `cpu:1,${devices}*2`)).outputs, local);
      // Triton joins the calls of several lanes.
      assert.deepEqual((await sample(folder, `${devices}*4`, { batchSize: 3 })).outputs, local);
      for (
        const [address, message] of [
          [
            devices.replace(triton.host, triton.httpHost),
            /port does not speak gRPC|no gRPC server/,
          ],
          [devices.replace("grpc:", "grpcs:"), /does not speak TLS/],
          [`${devices}x`, /unknown model|is not found/],
          ["grpc://no-such-host.invalid:8001/m", /the host is unknown/],
        ] as const
      ) {
        await assert.rejects(sample(folder, address), (error: Error) => {
          console.log(`refused: ${error.message}`);
          return error instanceof RuntimeLibraryError && message.test(error.message);
        });
      }
    }),
);

Deno.test(
  "Stable Diffusion's network with unique embeddings gives the local bytes",
  { ignore },
  () =>
    withTempFolder(async (folder) => {
      const model = "models/sd-emoji", repository = join(folder, "repository");
      const name = await addModel(repository, model);
      await using triton = await startTriton(installationIn(venv!), { repository });
      const sampleSd = async (devices: string) => {
        const settings: SdSettings = {
          ...{ task: "sd", prompt: "a red heart", numSamples: 1, threads: 1 },
          ...{ numInferenceSteps: 8, windowSize: 8, devices, outputPath: folder },
        };
        return await sampled((await sampleRun(model, settings)).path);
      };
      const wanted = await sampleSd("cpu:1");
      const found = await sampleSd(`grpc://${triton.host}/${name}`);
      assert.deepEqual(found.outputs, wanted.outputs);
    }),
);

Deno.test(
  "killed and started again: the local bytes",
  { ignore },
  () =>
    withTriton(async ({ folder, triton, devices, repository }) => {
      let again: Promise<Triton> | undefined;
      const port = Number(triton.host.split(":")[1]);
      const { outputs, manifest } = await sample(folder, `${devices}*2`, {
        onRound: (round) => {
          if (round !== 2) return;
          again = triton.stop().then(() =>
            startTriton(installationIn(venv!), { repository, port })
          );
        },
      });
      await (await again)!.stop();
      console.log(`killed: ${faultsOf(manifest)}`);
      assert.deepEqual(outputs, local);
      assert.match(String(faultsOf(manifest)), /exit/);
    }),
);

Deno.test(
  "drained beside a lane of this machine: the local bytes",
  { ignore },
  () =>
    withTriton(async ({ folder, triton, devices }) => {
      let stopping: Promise<void> | undefined;
      const { outputs, manifest } = await sample(folder, `cpu:1,${devices}*2`, {
        onRound: (round) => round === 1 && (stopping = triton.stop("SIGTERM")),
      });
      await stopping;
      const rows = manifest.devices!.map(({ name, rows }) => `${name} ${rows}`);
      console.log(`drained: ${faultsOf(manifest)}; rows of ${rows}`);
      assert.deepEqual(outputs, local);
      assert.match(String(faultsOf(manifest)), /exit/);
    }, { wait: 0.3 }),
);

Deno.test(
  "frozen for 8 s under a deadline of 3 s: the local bytes",
  { ignore },
  () =>
    withTriton(async ({ folder, triton, devices }) => {
      const { outputs, manifest } = await sample(folder, `${devices}*2`, {
        deadline: 3,
        onRound: (round) => {
          if (round !== 2) return;
          triton.signal("SIGSTOP");
          setTimeout(() => triton.signal("SIGCONT"), 8000);
        },
      });
      console.log(`frozen: ${faultsOf(manifest)}`);
      assert.deepEqual(outputs, local);
      assert.match(String(faultsOf(manifest)), /hang/);
    }),
);

Deno.test(
  "eight lanes on a queue of one are no fault",
  { ignore },
  () =>
    withTriton(async ({ folder, devices }) => {
      const { outputs, manifest } = await sample(folder, `${devices}*8`);
      assert.deepEqual(outputs, local);
      assert.deepEqual(faultsOf(manifest), []);
    }, { queue: 1, wait: 0.05 }),
);

Deno.test(
  "a server that takes four rows is given four",
  { ignore },
  () =>
    withTriton(async ({ folder, devices }) => {
      const { outputs, manifest } = await sample(folder, devices);
      console.log(`four rows: ${faultsOf(manifest)}, at most ${manifest.devices![0].maxRows} rows`);
      assert.deepEqual(outputs, local);
      assert.match(String(faultsOf(manifest)), /^memory \d$/);
      assert.ok(manifest.devices![0].maxRows! <= 4);
    }, { maxRows: 4 }),
);

const certificates = new URL("../fixtures/certificates/", import.meta.url).pathname;

Deno.test(
  "TLS with its own CA, and a protocol restricted to a header",
  { ignore },
  () =>
    withTriton(async ({ folder, devices: plain }) => {
      const devices = plain.replace("grpc:", "grpcs:");
      const deviceCa = join(certificates, "ca.pem");
      const deviceHeaders = join(folder, "headers");
      await Deno.writeTextFile(deviceHeaders, "triton-grpc-protocol-key: 5ecret\n");
      const { outputs } = await sample(folder, devices, { deviceCa, deviceHeaders });
      assert.deepEqual(outputs, local);
      const foreign = join(certificates, "foreign_ca.pem");
      for (
        const [address, settings, message] of [
          [devices, { deviceCa }, /refuses: This protocol is restricted/],
          [devices, { deviceCa: foreign, deviceHeaders }, /not signed by a trusted CA/],
          [plain, { deviceHeaders }, /it may want TLS/],
        ] as const
      ) {
        await assert.rejects(sample(folder, address, settings), (error: Error) => {
          console.log(`refused: ${error.message}`);
          return error instanceof RuntimeLibraryError && message.test(error.message);
        });
      }
    }, {
      flags: [
        ...["--grpc-use-ssl", "1", "--grpc-server-cert", join(certificates, "server.pem")],
        ...["--grpc-server-key", join(certificates, "server.key")],
        "--grpc-restricted-protocol=inference:key=5ecret",
      ],
    }),
);

Deno.test(
  "a round costs at most 1.3 times the bare call, and 12 ms of the thread's CPU time",
  { ignore },
  () =>
    withTempFolder(async (folder) => {
      const repository = join(folder, "repository");
      await addHalves(repository);
      await using triton = await startTriton(installationIn(venv!), { repository });
      const { pool, bare, cpu, bareCpu } = await roundCost(triton.host);
      console.log(
        `50x4x64x64 float32: pool ${pool.toFixed(1)} ms, bare call ${bare.toFixed(1)} ms ` +
          `(${(pool / bare).toFixed(2)}); CPU of the thread ${cpu.toFixed(1)} ms, ` +
          `of the bare call ${bareCpu.toFixed(1)} ms`,
      );
      assert.ok(pool <= 1.3 * bare);
      // The bare call alone takes more than that on a machine that does other work.
      assert.ok(cpu <= Math.max(12, 1.3 * bareCpu));
    }),
);
