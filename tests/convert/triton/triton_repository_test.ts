import assert from "node:assert/strict";
import { join } from "node:path";
import { writeTritonRepository } from "../../../src/convert/triton/triton_repository.ts";
import { ModelError, UsageError } from "../../../src/errors.ts";
import type { SdSettings } from "../../../src/arguments/settings.ts";
import { sampleRun } from "../../../src/jobs/sample_run.ts";
import { readManifest } from "../../support/sampling.ts";
import { serveDit } from "../../support/served_dit.ts";
import { withTempFolder } from "../../support/temp_folder.ts";
import { tinyDitModel, writeTinyDit } from "../../support/tiny_dit.ts";

const { signal } = new AbortController();

function convert(model: string, repository: string) {
  return writeTritonRepository({ model, repository, fp16: false, signal });
}

async function filesIn(folder: string, prefix = ""): Promise<string[]> {
  const names: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) names.push(...await filesIn(join(folder, name), `${prefix}${name}/`));
    else names.push(prefix + name);
  }
  return names.sort();
}

Deno.test("a DiT is served as it is, its batch joined by Triton, its name with its hash", () =>
  withTempFolder(async (folder) => {
    const model = await writeTinyDit(folder);
    const repository = join(folder, "repository");
    const { name, edits } = await convert(model, repository);
    assert.match(name, /^tiny_[0-9a-f]{12}$/);
    assert.deepEqual(edits, []);
    assert.deepEqual(await filesIn(join(repository, name)), ["1/model.onnx", "config.pbtxt"]);
    const config = await Deno.readTextFile(join(repository, name, "config.pbtxt"));
    assert.equal(
      config.replace(/[0-9a-f]{64}/, "HASH"),
      `# Made by \`convert triton\`. Without instance_group Triton uses every GPU, else the CPU.
backend: "onnxruntime"
max_batch_size: 256
input [
  { name: "sample" data_type: TYPE_FP32 dims: [ 4, 4, 4 ] },
  { name: "timestep" data_type: TYPE_INT64 dims: [ 1 ] reshape: { shape: [ ] } },
  { name: "class_labels" data_type: TYPE_INT64 dims: [ 1 ] reshape: { shape: [ ] } }
]
output [
  { name: "out_sample" data_type: TYPE_FP32 dims: [ 8, 4, 4 ] }
]
# Calls of several clients are joined; without this part each runs alone.
dynamic_batching {
  default_queue_policy { max_queue_size: 64 timeout_action: REJECT }
}
parameters { key: "sha256" value: { string_value: "HASH" } }
`,
    );
    await using server = await serveDit(join(repository, name, "1/model.onnx"));
    server.script.model = name;
    const settings = { task: "dit", numSamples: 1, numInferenceSteps: 4 } as const;
    const devices = `grpc://${server.host}/${name}`;
    const { path } = await sampleRun(model, { ...settings, devices, outputPath: folder });
    assert.equal((await readManifest(path)).served![0].model, name);
    await assert.rejects(convert(model, repository), (error: Error) => {
      assert.ok(error instanceof UsageError, String(error));
      return error.message.endsWith(`has ${name} already`);
    });
  }));

Deno.test("a UNet is given a timestep per row and its embeddings once, with the bytes of a local one", () =>
  withTempFolder(async (folder) => {
    const model = "tests/fixtures/layouts/optimum_scalar";
    const { name, edits } = await convert(model, folder);
    assert.equal(edits[0], "input timestep: [] -> [batch_size]");
    assert.equal(edits.at(-1), "encoder_hidden_states: unique rows and an index");
    const config = await Deno.readTextFile(join(folder, name, "config.pbtxt"));
    assert.match(config, /max_batch_size: 0\n/);
    assert.match(config, /"timestep" data_type: TYPE_FP32 dims: \[ -1 \]/);
    assert.match(config, /encoder_hidden_states_unique" data_type: \w+ dims: \[ -1, \S+, \d+ \]/);
    assert.match(config, /encoder_hidden_states_index" data_type: TYPE_INT64 dims: \[ -1 \]/);
    assert.doesNotMatch(config, /dynamic_batching/);
    await using server = await serveDit(join(folder, name, "1/model.onnx"), { batched: false });
    server.script.model = name;
    const outputs = async (devices: string) => {
      const settings: SdSettings = {
        ...{ task: "sd", prompt: "a heart", numSamples: 1, numInferenceSteps: 3, windowSize: 2 },
        ...{ height: 64, width: 64, devices, outputPath: folder },
      };
      const { path } = await sampleRun(model, settings);
      const { outputs } = await readManifest(path);
      return Object.entries(outputs).filter(([file]) => file !== "args.txt");
    };
    const wanted = await outputs("cpu:1");
    assert.deepEqual(await outputs(`cpu:1,grpc://${server.host}/${name}`), wanted);
    assert.ok(server.rows.some((rows) => rows > 1));
  }));

Deno.test("a network whose rows depend on each other is refused, and leaves nothing", () =>
  withTempFolder(async (folder) => {
    const model = await writeTinyDit(folder);
    await Deno.writeFile(
      join(model, "transformer/model.onnx"),
      tinyDitModel({ quantised: true }),
    );
    const repository = join(folder, "repository");
    await assert.rejects(convert(model, repository), (error: Error) => {
      assert.ok(error instanceof ModelError, String(error));
      return /DynamicQuantizeLinear uses one scale for all rows/.test(error.message);
    });
    await assert.rejects(Deno.stat(repository), Deno.errors.NotFound);
  }));
