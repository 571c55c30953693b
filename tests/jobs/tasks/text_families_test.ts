import assert from "node:assert/strict";
import { join } from "node:path";
import { inspectFolder } from "../../../src/diagnostics/inspect/folder_report.ts";
import { runVerify } from "../../../src/cli/commands/verify_script.ts";
import { ModelError, UsageError } from "../../../src/errors.ts";
import { readOnnx } from "../../../src/formats/onnx/onnx.ts";
import { editGraph, initializerPayload } from "../../../src/formats/onnx/onnx_edit.ts";
import { onnxModel } from "../../support/onnx_builder.ts";
import { outputsOf, readManifest, readSample, runQuietly } from "../../support/sampling.ts";
import { copyFolder, withTempFolder } from "../../support/temp_folder.ts";
import { writeTinyFlow } from "../../support/tiny_flow.ts";

/** SDXL, SD3 and FLUX as optimum exports them: tests/fixtures/make_pipelines.py. */
const PIPELINES = "tests/fixtures/pipelines";
const SIZE = ["-H16", "-W16", "--timesteps=4", "-b1"];

function sd(model: string, folder: string, args: readonly string[] = []): Promise<string> {
  return runQuietly("sd", ["-m", model, "-o", join(folder, "out"), ...SIZE, ...args]);
}

function flow(model: string, folder: string, args: readonly string[]): Promise<string> {
  return runQuietly("flow", ["-m", model, "-o", join(folder, "out"), ...SIZE, ...args]);
}

async function verify(run: string): Promise<void> {
  const { log } = console;
  console.log = () => {};
  await runVerify([run], new AbortController().signal).finally(() => console.log = log);
}

Deno.test("parallel_sd samples SDXL, SD3 and FLUX, records them and samples them again", () =>
  withTempFolder(async (folder) => {
    for (
      const [name, part] of [["sdxl", "unet"], ["sd3", "transformer"], ["flux", "transformer"]]
    ) {
      const run = await sd(`${PIPELINES}/${name}`, folder);
      await verify(run);
      const { model } = await readManifest(run);
      assert.ok(`${part}/model.onnx` in model.files, name);
      assert.ok("text_encoder_2/model.onnx" in model.files, name);
      assert.ok(Object.keys(model.configs!).some((file) => file.startsWith("tokenizer_2/")), name);
      const again = await sd(`${PIPELINES}/${name}`, folder, [
        ...["--args_from", join(run, "manifest.json"), "--batch_size=1"],
      ]);
      assert.deepEqual(await outputsOf(again), await outputsOf(run), name);
    }
  }));

Deno.test("parallel_sd follows --scheduler and --sigmas on SDXL and flow models", () =>
  withTempFolder(async (folder) => {
    const sdxl = `${PIPELINES}/sdxl`, sd3 = `${PIPELINES}/sd3`;
    const sigmas = await sd(sd3, folder, ["--sigmas=1,0.7,0.4,0.1"]);
    const args = (await readManifest(sigmas)).arguments;
    assert.deepEqual([args.sigmas, args.timesteps], ["1,0.7,0.4,0.1", 4]);
    await verify(sigmas);
    await verify(await sd(sdxl, folder, ["--scheduler=dpmpp_2m"]));
    await assert.rejects(sd(sd3, folder, ["--scheduler=ddim"]), (error: Error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, /--scheduler is ddim, but .*sd3 is a flow model/);
      return true;
    });
    await assert.rejects(sd(sdxl, folder, ["--scheduler=flow_euler"]), UsageError);
  }));

Deno.test("parallel_flow samples SD3 and FLUX as parallel_sd does", () =>
  withTempFolder(async (folder) => {
    for (const name of ["sd3", "flux"]) {
      const model = `${PIPELINES}/${name}`, prompt = "--prompt=a cute cat";
      const run = await flow(model, folder, [prompt]);
      await verify(run);
      const { script, arguments: recorded } = await readManifest(run);
      assert.equal(script, "parallel_flow");
      assert.equal(recorded.prompt, "a cute cat");
      const [same, again] = [
        await sd(model, folder, [prompt]),
        await flow(model, folder, ["--args_from", join(run, "manifest.json")]),
      ];
      assert.deepEqual((await readSample(run)).trajectory, (await readSample(same)).trajectory);
      assert.deepEqual(await outputsOf(again), await outputsOf(run), name);
    }
  }));

Deno.test("parallel_flow refuses settings of the other kind of flow", () =>
  withTempFolder(async (folder) => {
    const sd3 = `${PIPELINES}/sd3`, classes = await writeTinyFlow(folder);
    const cases: [string, string[], RegExp, RegExp][] = [
      [
        sd3,
        ["--class_labels=1"],
        /^--class_labels is not used by a flow of prompts, which takes --prompt$/,
        /leave it out/,
      ],
      [
        sd3,
        ["--init_latents=x.npy"],
        /^--init_latents is not used by a flow of prompts/,
        /sd-winit starts a prompt from a file/,
      ],
      [
        classes,
        ["--prompt=a cat"],
        /^--prompt is not used by a flow of classes, which takes --class_labels$/,
        /leave it out/,
      ],
      [
        classes,
        ["--prompt=a cat", "--class_labels=1"],
        /^--class_labels and --prompt are given, wanted at most one of them$/,
        /^$/,
      ],
    ];
    for (const [model, args, message, hint] of cases) {
      const out = join(folder, "out");
      await assert.rejects(
        runQuietly("flow", ["-m", model, "-o", out, ...args]),
        (error: Error) => {
          assert.ok(error instanceof UsageError, String(error));
          assert.match(error.message, message);
          assert.match(error.hint ?? "", hint);
          return true;
        },
      );
    }
  }));

Deno.test("parallel_sd_winit starts SD3 from the trajectory of another prompt and from an image", () =>
  withTempFolder(async (folder) => {
    const fixed = ["-m", `${PIPELINES}/sd3`, "-o", folder, "-H16", "-W16"];
    const winit = (args: string[]) =>
      runQuietly("sd-winit", [...fixed, "--timesteps=4", "--variation_steps=2", ...args]);
    const run = await winit([]);
    await verify(run);
    const image = join(run, "sample_1", `step_${(await readManifest(run)).samples[1].rounds}.png`);
    const { trajectory, noise } = await readSample(await winit(["--init_image", image]));
    assert.equal(trajectory.length, noise.length);
  }));

Deno.test("parallel_sd refuses folders whose parts do not make a model of their family", () =>
  withTempFolder(async (folder) => {
    const refused = async (
      name: string,
      change: (path: string) => Promise<unknown>,
      message: RegExp,
    ) => {
      const path = join(folder, crypto.randomUUID());
      await copyFolder(`${PIPELINES}/${name}`, path);
      await change(path);
      await assert.rejects(sd(path, folder), (error: Error) => {
        assert.ok(error instanceof ModelError, String(error));
        assert.match(error.message, message);
        return true;
      });
    };
    const from = (part: string, source: string) => (path: string) =>
      Deno.copyFile(`${source}/model.onnx`, join(path, part, "model.onnx"));
    const plain = "tests/fixtures/layouts/plain";
    await refused(
      "sdxl",
      from("unet", `${plain}/unet`),
      /unet.model.onnx has inputs sample .*, wanted inputs sample, timestep, encoder_hidden_states, text_embeds, time_ids and one output/,
    );
    await refused(
      "sdxl",
      from("text_encoder", `${plain}/text_encoder`),
      /gives last_hidden_state .*, wanted hidden_states.0, hidden_states.1, … too/,
    );
    await refused(
      "sd3",
      from("text_encoder", `${PIPELINES}/sdxl/text_encoder_2`),
      /transformer.model.onnx takes rows of 20 elements as pooled_projections, got 24/,
    );
    await refused(
      "flux",
      from("transformer", `${PIPELINES}/sd3/transformer`),
      /has inputs hidden_states, encoder_hidden_states, pooled_projections, timestep, wanted img_ids too/,
    );
    await refused(
      "sd3",
      (path) =>
        Deno.writeTextFile(
          join(path, "scheduler/scheduler_config.json"),
          JSON.stringify({ _class_name: "DDIMScheduler", clip_sample: false }),
        ),
      /Stable Diffusion 3 is a flow model, but scheduler.scheduler_config.json is that of a diffusion model/,
    );
    await refused(
      "flux",
      (path) => Deno.remove(join(path, "tokenizer_2/tokenizer.json")),
      /tokenizer_2 lacks tokenizer.json/,
    );
    for (
      const [bytes, found] of [
        [trtTransformer("TRT_FP8QuantizeLinear"), "TRT_FP8QuantizeLinear"],
        [trtTransformer("TRT_FP4DynamicQuantize"), "TRT_FP4DynamicQuantize"],
        [fp4Transformer(), "float4e2m1"],
      ] as const
    ) {
      await refused(
        "flux",
        (path) => Deno.writeFile(join(path, "transformer/model.onnx"), bytes),
        RegExp(`transformer.model.onnx uses ${found}, it is an fp8 or fp4 export for TensorRT`),
      );
    }
  }));

Deno.test("parallel_sd samples SD3 without its third encoder, with zeros in its place", () =>
  withTempFolder(async (folder) => {
    const path = join(folder, "sd3");
    await copyFolder(`${PIPELINES}/sd3`, path);
    await Deno.remove(join(path, "text_encoder_3"), { recursive: true });
    const run = await sd(path, folder);
    const files = Object.keys((await readManifest(run)).model.files);
    assert.ok(!files.some((name) => name.startsWith("text_encoder_3")));
  }));

Deno.test("inspect recognises the networks of SDXL, SD3 and FLUX", async () => {
  const { signal } = new AbortController();
  for (const name of ["sdxl", "sd3", "flux"]) {
    const report = await inspectFolder(`${PIPELINES}/${name}`, {
      ...{ signal, hash: false, tensors: false },
    });
    assert.deepEqual(report.problems, [], name);
    const denoiser = report.parts!.find(({ path }) => /unet|transformer/.test(path))!;
    assert.equal(denoiser.contract?.as, "a text-conditional denoiser", name);
    assert.equal(denoiser.contract?.met, true, `${name}: ${denoiser.contract?.why}`);
  }
});

const TOKENS = { type: "float32", shape: ["batch", "tokens", 16] } as const;
const TRANSFORMER = {
  inputs: [
    { name: "hidden_states", ...TOKENS },
    { name: "img_ids", type: "float32", shape: ["tokens", 3] },
    { name: "txt_ids", type: "float32", shape: ["text", 3] },
    { name: "timestep", type: "float32", shape: ["batch"] },
  ],
  outputs: [{ name: "out_hidden_states", ...TOKENS }],
} as const;

/** A transformer with an operator of TensorRT's, as the published fp8 and fp4 exports have it. */
function trtTransformer(op: string): Uint8Array {
  const domain = "trt", inputs = ["hidden_states"], outputs = ["out_hidden_states"];
  return onnxModel({ ...TRANSFORMER, nodes: [{ op, domain, inputs, outputs }] });
}

/** A transformer with weights of ONNX's own four bits, two in a byte. */
function fp4Transformer(): Uint8Array {
  const bytes = onnxModel({
    ...{ ...TRANSFORMER, opset: 23 },
    initializers: [{ name: "scale", type: "float32", dims: [], values: Float32Array.of(1) }],
    nodes: [
      { op: "DequantizeLinear", inputs: ["weights", "scale"], outputs: ["dense"] },
      { op: "MatMul", inputs: ["hidden_states", "dense"], outputs: ["out_hidden_states"] },
    ],
  });
  const model = readOnnx(bytes, { file: "a transformer" });
  const weights = initializerPayload({
    ...{ name: "weights", dims: [16, 16], elemType: 23 }, // FLOAT4E2M1
    raw: new Uint8Array(128),
  });
  const { field } = model.graph.nodes[0], node = bytes.subarray(field.start, field.end);
  return editGraph(bytes, model, new Map([[{ ...field, number: 5 }, weights], [field, node]]));
}
