import assert from "node:assert/strict";
import { join } from "node:path";
import { MismatchError, RuntimeLibraryError, UsageError } from "../../../src/errors.ts";
import { rerunRun } from "../../../src/jobs/rerun_run.ts";
import { resumeRun } from "../../../src/jobs/resume_run.ts";
import { sampleRun } from "../../../src/jobs/sample_run.ts";
import { verifyRun } from "../../../src/jobs/verify_run.ts";
import type { DitSettings } from "../../../src/arguments/settings.ts";
import type { OipServer } from "../../support/oip_server.ts";
import { readManifest } from "../../support/sampling.ts";
import { type ServedDitOptions, serveDit } from "../../support/served_dit.ts";
import { withTempFolder } from "../../support/temp_folder.ts";
import { tinyDitModel, writeTinyDit } from "../../support/tiny_dit.ts";

const OTHER = { latentScale: -0.7 };
const SECRET = "Bearer 5ecret-of-the-tests";

const certificate = (name: string) =>
  Deno.readTextFileSync(new URL(`../../fixtures/certificates/${name}`, import.meta.url));

/**
 * A folder with a tiny model, without its denoiser where `served`, and a server of the denoiser.
 */
class Bench {
  constructor(readonly folder: string, readonly server: OipServer, readonly served = true) {}

  get model(): string {
    return join(this.folder, "tiny-dit");
  }

  get settings(): DitSettings {
    return {
      ...{ task: "dit", numSamples: 2, numInferenceSteps: 8, windowSize: 3, classLabels: [1] },
      devices: `grpc://${this.server.host}/m*2`,
      outputPath: join(this.folder, "out"),
      disableImageMetadata: true,
    } as const;
  }

  async sample(settings: Partial<DitSettings> = {}): Promise<string> {
    return (await sampleRun(this.model, { ...this.settings, ...settings })).path;
  }
}

function withServer<T>(
  test: (bench: Bench) => Promise<T>,
  options: ServedDitOptions = {},
): Promise<T> {
  return withTempFolder(async (folder) => {
    await using server = await serveDit(tinyDitModel(), options);
    await writeTinyDit(folder);
    return await test(new Bench(folder, server));
  });
}

/** Hashes of all that does not name devices. */
async function outputsOf(path: string): Promise<[string, unknown][]> {
  const { outputs } = await readManifest(path);
  return Object.entries(outputs).filter(([name]) => name !== "args.txt");
}

function removeDenoiser({ model }: Bench): Promise<void> {
  return Deno.remove(join(model, "transformer"), { recursive: true });
}

Deno.test("a run on servers has the bytes of a run on this machine, and records what served it", () =>
  withServer(async (bench) => {
    const { settings, server } = bench;
    const wanted = await outputsOf(await bench.sample({ devices: "cpu:1" }));
    const mixed = await bench.sample({ devices: `cpu:1,${settings.devices}` });
    assert.deepEqual(await outputsOf(mixed), wanted);
    assert.deepEqual(
      (await readManifest(mixed)).devices!.map(({ name }) => name),
      ["cpu:0", `grpc://${server.host}/m#0`, `grpc://${server.host}/m#1`],
    );
    await removeDenoiser(bench);
    const path = await bench.sample();
    // Trajectories name the network's hash, but the folder has no such file.
    const images = (outputs: [string, unknown][]) =>
      outputs.filter(([name]) => !name.endsWith("trajectory.safetensors"));
    assert.deepEqual(images(await outputsOf(path)), images(wanted));
    const { served, model } = await readManifest(path);
    assert.deepEqual(Object.keys(model.files), ["vae_decoder/model.onnx"]);
    assert.deepEqual(
      served!.map(({ probe, ...rest }) => ({ ...rest, probe: probe.length })),
      [{ host: server.host, model: "m", version: "1", server: "scripted 1.0", probe: 64 }],
    );
    assert.ok((await verifyRun(path)).total.verified);
    const again = await rerunRun(path, { outputPath: join(bench.folder, "again") });
    assert.deepEqual([again.verified, again.differences], [true, []]);
  }));

Deno.test("a server that fails for good or changes its model ends the run; it goes on when that is undone", () =>
  withServer(async (bench) => {
    const { server } = bench;
    const wanted = await outputsOf(await bench.sample());
    const stopAfter = (count: number, what: () => void) => {
      const { evaluate } = server.script;
      let calls = 0;
      server.script.evaluate = (inputs) => {
        if (++calls === count) what();
        return evaluate(inputs);
      };
      return () => server.script.evaluate = evaluate;
    };
    const failures: [() => void, () => void, RegExp][] = [
      [() => server.script.versions.push("2"), () => server.script.versions.pop(), /version 2/],
      [
        () => server.script.header = ["authorization", "no"],
        () => server.script.header = undefined,
        /refuses: wrong authorization/,
      ],
    ];
    for (const [fail, repair, message] of failures) {
      const undo = stopAfter(9, fail);
      const error = await bench.sample().catch((error) => error);
      assert.ok(error instanceof RuntimeLibraryError, String(error));
      assert.match(error.message, message);
      undo();
      const path = newest(join(bench.folder, "out"));
      if (message.source.includes("version")) {
        await assert.rejects(resumeRun(path), (error: Error) => {
          assert.ok(error instanceof MismatchError, String(error));
          return /the denoiser is m version 2 .* has m version 1/.test(error.message);
        });
        assert.equal((await readManifest(path)).status, "failed");
      }
      repair();
      await resumeRun(path);
      assert.deepEqual(await outputsOf(path), wanted);
    }
  }));

/** Runs of one second are told apart by a number. */
function newest(folder: string): string {
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
  return join(folder, names.sort((a, b) => a.localeCompare(b, "en", { numeric: true })).at(-1)!);
}

Deno.test("another model is refused: by its answers, by its name, by rerun", () =>
  withServer(async (bench) => {
    const path = await bench.sample();
    await using other = await serveDit(tinyDitModel(OTHER));
    const devices = `grpc://${other.host}/m`;
    await assert.rejects(
      bench.sample({ devices: `cpu:1,${devices}` }),
      /evaluates another network/,
    );
    const { port, script } = bench.server;
    script.model = "m_0123456789ab";
    await assert.rejects(
      bench.sample({ devices: `grpc://127.0.0.1:${port}/m_0123456789ab` }),
      /serves m_0123456789ab, the model folder's transformer has the hash [0-9a-f]{12}$/,
    );
    await bench.server[Symbol.asyncDispose]();
    await using _moved = await serveDit(tinyDitModel(OTHER), { port });
    await assert.rejects(
      rerunRun(path, { outputPath: join(bench.folder, "again") }),
      (error: Error) => error instanceof MismatchError && /with probe/.test(error.message),
    );
  }));

Deno.test("secrets reach the server, and no file, event or error", () =>
  withServer(async (bench) => {
    const { folder, server } = bench;
    const events: string[] = [];
    const onProgress = (event: unknown) => void events.push(JSON.stringify(event));
    const deviceHeaders = join(folder, "headers");
    await Deno.writeTextFile(deviceHeaders, `# of the cluster\n\nAuthorization: ${SECRET}\r\n`);
    const deviceCa = join(folder, "ca.pem");
    await Deno.writeTextFile(deviceCa, certificate("ca.pem"));
    server.script.header = ["authorization", SECRET];
    const devices = `grpcs://${server.host}/m`;
    const settings = { ...bench.settings, devices, deviceHeaders, deviceCa };
    const { path } = await sampleRun(bench.model, settings, { onProgress });
    server.script.header = ["authorization", "rotated"];
    const refused = await sampleRun(bench.model, settings, { onProgress }).catch((error) => error);
    assert.match(refused.message, /^grpcs:.* refuses: wrong authorization: \*\*\*$/);
    await Deno.remove(deviceHeaders);
    const { arguments: recorded } = await readManifest(path);
    assert.deepEqual(
      [recorded.device_headers, recorded.device_ca, recorded.devices],
      [deviceHeaders, deviceCa, devices],
    );
    const texts = [...events, String(refused.stack), refused.hint];
    for await (const text of textsIn(folder)) texts.push(text);
    assert.ok(texts.length > 20);
    for (const text of texts) assert.ok(!text.includes("5ecret"), text.slice(0, 1000));
  }, { key: certificate("server.key"), cert: certificate("server.pem") }));

async function* textsIn(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory) yield* textsIn(path);
    else yield new TextDecoder("latin1").decode(await Deno.readFile(path));
  }
}

Deno.test("settings of servers that cannot be followed are refused before anything is opened", () =>
  withServer(async (bench) => {
    const file = join(bench.folder, "file");
    const server = `grpc://${bench.server.host}/m`;
    const refused: [Partial<DitSettings>, string, RegExp][] = [
      [
        { devices: "grpc://host/m" },
        "",
        /devices has "grpc:\/\/host\/m", wanted grpc:\/\/host:port/,
      ],
      [{ devices: "grpc://host:1/m*0" }, "", /wanted grpc:\/\/host:port\/model/],
      [{ devices: "grpc://me:5ecret@host:1/m" }, "", /devices has a server with a user, query/],
      [{ devices: "cpu:1,grpc://host:1/m?5ecret" }, "", /a server with a user, query/],
      [{ devices: "auto,grpc://host:1/m" }, "", /devices is "auto" but takes/],
      [
        { devices: "grpc://h:1/m,grpc://h:1/m" },
        "",
        /names 2 devices, wanted are up to 64, each once/,
      ],
      [{ devices: "grpc://h:1/m*65" }, "", /names 65 devices/],
      [
        { devices: "cpu:1", deviceHeaders: file },
        "a: b",
        /deviceHeaders is given, but devices names no/,
      ],
      [{ devices: server, deviceCa: file }, "x", /deviceCa is given, but devices names no grpcs:/],
      [{ devices: server, deviceHeaders: file }, "5ecret", /line 1 is no header/],
      [{ devices: server, deviceHeaders: file }, "a: b\ngrpc-timeout: 1S", /line 2 is no header/],
      [
        { devices: server, deviceHeaders: file },
        "a: b\nA: c",
        /line 2 is no header, or one too many/,
      ],
      [
        { devices: server.replace("grpc:", "grpcs:"), deviceCa: file },
        "x",
        /no certificate in PEM/,
      ],
    ];
    for (const [settings, content, message] of refused) {
      await Deno.writeTextFile(file, content);
      const error = await bench.sample(settings).catch((error) => error);
      assert.ok(error instanceof UsageError, `${JSON.stringify(settings)}: ${error}`);
      assert.match(error.message, message);
      assert.doesNotMatch(`${error.message} ${error.hint}`, /5ecret/);
    }
    assert.deepEqual(bench.server.calls, []);
  }));
