/**
 * OpenVINO: the core library with the provider inside, and the plugin. Needs what
 * `pip install --no-deps --target DIR` makes of onnxruntime-openvino and onnxruntime-ep-openvino
 * (170 MB), in the folder that `PARATAA_OPENVINO` names; skipped without it.
 * `deno task test:openvino -- --download` fills the folder first.
 * @module
 */
import assert from "node:assert/strict";
import { join, resolve } from "node:path";
import { measureNetwork } from "../../src/diagnostics/selftest/selftest_measure.ts";
import { NETWORKS } from "../../src/diagnostics/selftest/selftest_networks.ts";
import { ParataaError } from "../../src/errors.ts";
import { Environment } from "../../src/runtime/environment.ts";
import { InferenceSession } from "../../src/runtime/inference_session.ts";
import { openProvider } from "../../src/runtime/providers/open_provider.ts";
import { followPlan, type PlannedFault } from "../support/fault_plan.ts";
import { addModel } from "../support/models.ts";
import { runChild } from "../support/run_child.ts";
import { ROOT } from "../support/run_script.ts";
import { outputsOf, readManifest, runQuietly } from "../support/sampling.ts";
import { withTempFolder } from "../support/temp_folder.ts";

const WHEELS = ["onnxruntime-openvino==1.24.1", "onnxruntime-ep-openvino==1.8.1"];

const folder = Deno.env.get("PARATAA_OPENVINO");
if (folder !== undefined && Deno.args.includes("--download")) await download(folder);
const ignore = folder === undefined;
const site = resolve(folder ?? "");
const CORE = join(site, "onnxruntime/capi/libonnxruntime.so.1.24.1");
const PLUGIN = join(
  site,
  "onnxruntime_ep_openvino/libonnxruntime_providers_openvino_plugin.so",
);

async function download(target: string): Promise<void> {
  const command = ["-m", "pip", "install", "--no-deps", "--target", target, ...WHEELS];
  const { success } = await new Deno.Command("python3", { args: command }).spawn().status;
  assert.ok(success, "pip could not download the wheels");
}

Deno.test({ name: "OpenVINO gives the CPU's outputs on every network", ignore }, async () => {
  using env = Environment.open({ libraryPath: CORE });
  const { signal } = new AbortController();
  for (const network of NETWORKS) {
    const file = join(ROOT, "models", network, "model.onnx");
    const session = { provider: "openvino" } as const;
    const options = { network, file, session, batches: [], signal };
    const { difference: { relative } } = await measureNetwork(env, options);
    console.log(`${network}: ${relative.toExponential(1)} of the RMS`);
    assert.ok(relative < 1e-4, `${network}: ${relative}`);
  }
});

Deno.test(
  { name: "OpenVINO takes its options and names what is wrong with others", ignore },
  async () => {
    using env = Environment.open({ libraryPath: CORE });
    const bf16 = '{"CPU":{"INFERENCE_PRECISION_HINT":"bf16"}}';
    const open = async (providerOptions: Record<string, string>, deviceId = "CPU") => {
      const options = { provider: "openvino", providerOptions, deviceId } as const;
      await openProvider(env, options);
      await (await InferenceSession.create(env, addModel(), options)).close();
    };
    for (
      const options of [
        {},
        { num_of_threads: "1" },
        { num_streams: "2", precision: "ACCURACY" },
        { load_config: bf16 },
        { model_priority: "HIGH", enable_qdq_optimizer: "true" },
      ]
    ) await open(options as Record<string, string>);
    await open({}, "AUTO:CPU");
    const refused: [Record<string, string>, string, RegExp][] = [
      [
        { nosuch: "1" },
        "CPU",
        /^providerOptions\.nosuch is not an option of this provider; wanted /,
      ],
      [{ num_of_threads: "all" }, "CPU", /num_of_threads is "all", wanted a whole number from 0$/],
      [{}, "TPU", /^deviceId is "TPU", wanted CPU, GPU, GPU\.1 or NPU$/],
      [{}, "GPU", /^cannot use the OpenVINO provider: OpenVINO has no device GPU on this machine$/],
      [
        { precision: "FP16" },
        "CPU",
        /: it refuses the precision \(CPU only supports FP32, ACCURACY/,
      ],
      [{ load_config: "{x}" }, "CPU", /: it cannot read load_config \(.*parse error/],
    ];
    for (const [options, device, message] of refused) {
      await assert.rejects(open(options, device), (error: Error) => {
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /\n/);
        if (error instanceof ParataaError) assert.equal(error.exitCode, 7);
        return true;
      });
    }
  },
);

Deno.test(
  { name: "two OpenVINO devices with faults give the bytes of a run without", ignore },
  () =>
    withTempFolder(async (place) => {
      const args = [
        ...["--ort_lib", CORE, "-o", `${place}/out`, "--timesteps=6", "--num_samples=2"],
        ...[
          "--class_labels=3",
          "--window_size=6",
          "--threads=1",
          "--buckets=none",
          "--batch_size=2",
        ],
        "--devices=openvino:CPU,HETERO:CPU",
      ];
      const run = async (faults: readonly PlannedFault[]) => {
        const marks = await Deno.makeTempDir({ dir: place });
        followPlan({ faults, marks });
        try {
          const path = await runQuietly("dit", [...args, "--deadline=20"]);
          return { ...await readManifest(path), outputs: await outputsOf(path) };
        } finally {
          followPlan();
        }
      };
      const wanted = await run([]);
      assert.equal(wanted.provider, "openvino");
      const [one, two] = ["openvino:CPU", "openvino:HETERO:CPU"];
      const cases: [string, PlannedFault[], string][] = [
        [
          "throw",
          [{ device: one, op: "run", kind: "status", at: 2, times: "once" }],
          "ready ready",
        ],
        [
          "hang",
          [{ device: two, op: "run", kind: "lostReply", at: 1, times: "once" }],
          "ready ready",
        ],
        [
          "loss",
          [{ device: one, op: "run", kind: "throw", at: 1, times: "persistent" }],
          "lost ready",
        ],
      ];
      for (const [name, faults, states] of cases) {
        const { outputs, devices } = await run(faults);
        assert.deepEqual(outputs, wanted.outputs, name);
        assert.equal(devices!.map(({ state }) => state).join(" "), states, name);
        assert.ok(devices!.some((device) => device.faults.length > 0), name);
      }
    }),
);

Deno.test(
  { name: "OpenVINO's plugin works on Intel, and says why elsewhere", ignore },
  async () => {
    const { stdout, stderr } = await runChild(
      new URL("openvino/ask_for_plugin.ts", import.meta.url),
      { flags: ["--allow-all"], args: [PLUGIN, PLUGIN, "/nonexistent.so", CORE] },
    );
    const [first, again, missing, other] = stdout.split("\n");
    assert.match(
      first,
      /^(ready|7: .*libonnxruntime_providers_openvino_plugin\.so offers no OpenVINO)/,
      stderr,
    );
    assert.equal(again, first);
    const registered =
      /^7: .*: this process has its plugin .* registered already - name one plugin/;
    assert.match(missing, registered);
    assert.match(other, registered);
  },
);

Deno.test({ name: "what is no plugin is named", ignore }, async () => {
  const said = async (library: string) =>
    (await runChild(new URL("openvino/ask_for_plugin.ts", import.meta.url), {
      flags: ["--allow-all"],
      args: [library],
    })).stdout;
  assert.match(
    await said("/nonexistent.so"),
    /^7: .*: there is no file \/nonexistent\.so - --ep_lib/,
  );
  assert.match(await said(import.meta.filename!), /openvino\.ts is no library for this system/);
  assert.match(
    await said(join(site, "onnxruntime/capi/libonnxruntime_providers_openvino.so")),
    /libonnxruntime_providers_openvino\.so is no plugin of ONNX Runtime \(it has no Create/,
  );
});
