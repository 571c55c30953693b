/** SD3 and FLUX exports whose timestep is a scalar or of another element type. */
import assert from "node:assert/strict";
import { BinaryWriter, WireType } from "npm:@bufbuild/protobuf@2.17.0/wire";
import { ELEMENT_TYPES, type ElementTypeName } from "../../ffi/ort_enums.ts";
import { ModelError } from "../../src/errors.ts";
import { readOnnx } from "../../src/formats/onnx/onnx.ts";
import { editGraph, initializerPayload } from "../../src/formats/onnx/onnx_edit.ts";
import type { ScheduleRequest } from "../../src/models/schedulers/model_schedule.ts";
import { StableDiffusionPipeline } from "../../src/pipelines/stable_diffusion_pipeline.ts";
import { Environment } from "../../src/runtime/environment.ts";
import { TorchGenerator } from "../../src/sampling/noise.ts";
import { sequentialSample } from "../../src/sampling/sequential_sampler.ts";
import { copyFolder, withTempFolder } from "../support/temp_folder.ts";
import { valueInfo } from "../support/value_info.ts";

const FOLDER = "tests/fixtures/pipelines";
const SIZE = { height: 16, width: 16 };
/** Shifted to σ 1, 0.75 and 0.5, of which 1000 σ is whole and float16 has both. */
const WHOLE = { numInferenceSteps: 3, sigmas: [1, 0.5, 0.25] };

async function sample(path: string, request: ScheduleRequest): Promise<Float64Array> {
  using env = Environment.open();
  await using pipeline = await StableDiffusionPipeline.open(env, path, SIZE);
  const schedule = pipeline.createSchedule(request);
  const condition = {
    prompt: await pipeline.encodePrompt("a cute cat"),
    negativePrompt: await pipeline.encodeNegativePrompt("a dog"),
  };
  const denoiser = pipeline.createDenoiser(condition, { schedule, guidanceScale: 4 });
  const noise = new TorchGenerator(5).randn((schedule.numSteps + 1) * denoiser.rowSize);
  return (await sequentialSample(denoiser, { schedule, noise })).sample;
}

/** The folder of a family with its transformer's timestep changed; shift 3, so that WHOLE holds. */
async function withTimestep<T>(
  family: string,
  change: (bytes: Uint8Array) => Uint8Array,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  return await withTempFolder(async (folder) => {
    await copyFolder(`${FOLDER}/${family}`, folder);
    const scheduler = { _class_name: "FlowMatchEulerDiscreteScheduler", shift: 3 };
    await Deno.writeTextFile(
      `${folder}/scheduler/scheduler_config.json`,
      JSON.stringify(scheduler),
    );
    const file = `${folder}/transformer/model.onnx`;
    await Deno.writeFile(file, change(await Deno.readFile(file)));
    return await use(folder);
  });
}

/** A timestep of another type, cast to float32 before its first use. */
function ofType(type: ElementTypeName): (bytes: Uint8Array) => Uint8Array {
  return (bytes) => edited(bytes, { type, dims: ["step"], nodes: [castToFloat("timestep")] });
}

/** A scalar that the graph spreads over the batch, as exports of a wrapped transformer have it. */
function scalar(bytes: Uint8Array): Uint8Array {
  const nodes = [
    nodePayload("Reshape", ["timestep", "one"], "timestep_vector"),
    nodePayload("Shape", ["hidden_states"], "latent_shape"),
    nodePayload("Gather", ["latent_shape", "zero"], "batch_of_one"),
    nodePayload("Expand", ["timestep_vector", "batch_of_one"], RENAMED),
  ];
  return edited(bytes, { type: "float32", dims: [], nodes });
}

/** Of eight letters too, so that no length changes. */
const RENAMED = "timestfp";

function edited(
  bytes: Uint8Array,
  { type, dims, nodes }: { type: ElementTypeName; dims: string[]; nodes: Uint8Array[] },
): Uint8Array {
  const model = readOnnx(bytes, { file: "a transformer" });
  const input = model.graph.inputs.find(({ name }) => name === "timestep")!;
  const [first, ...others] = model.graph.nodes.filter(({ inputs }) => inputs.includes("timestep"));
  assert.equal(others.length, 0);
  const node = bytes.slice(first.field.start, first.field.end);
  const at = new TextDecoder("latin1").decode(node).indexOf("\n\x08timestep");
  node.set(new TextEncoder().encode(RENAMED), at + 2);
  const constant = (name: string, value: bigint) =>
    initializerPayload({
      ...{ name, dims: [1], elemType: ELEMENT_TYPES.int64 },
      raw: new Uint8Array(BigInt64Array.of(value).buffer),
    });
  return editGraph(
    bytes,
    model,
    new Map<typeof input.field, Uint8Array | Uint8Array[]>([
      [input.field, valueInfo("timestep", ELEMENT_TYPES[type], dims)],
      [{ ...first.field, number: 5 }, [constant("one", 1n), constant("zero", 0n)]],
      [first.field, [...nodes, node]],
    ]),
  );
}

function nodePayload(op: string, inputs: readonly string[], output: string): Uint8Array {
  const writer = new BinaryWriter();
  for (const input of inputs) writer.tag(1, WireType.LengthDelimited).string(input);
  writer.tag(2, WireType.LengthDelimited).string(output);
  return writer.tag(4, WireType.LengthDelimited).string(op).finish();
}

function castToFloat(input: string): Uint8Array {
  const writer = new BinaryWriter().raw(nodePayload("Cast", [input], RENAMED));
  writer.tag(5, WireType.LengthDelimited).fork().tag(1, WireType.LengthDelimited).string("to");
  writer.tag(3, WireType.Varint).int64(1).tag(20, WireType.Varint).int32(2); // FLOAT, of kind INT
  return writer.join().finish();
}

const unchanged = (bytes: Uint8Array) => bytes;

for (const family of ["sd3", "flux"]) {
  Deno.test(`StableDiffusionPipeline gives ${family} its timestep as float16 and as a scalar`, async () => {
    const wanted = await withTimestep(family, unchanged, (folder) => sample(folder, WHOLE));
    for (const change of [ofType("float16"), scalar]) {
      const found = await withTimestep(family, change, (folder) => sample(folder, WHOLE));
      assert.deepEqual(found, wanted);
    }
  });
}

Deno.test("StableDiffusionPipeline gives SD3 whole timesteps as int64 and refuses others", async () => {
  const wanted = await withTimestep("sd3", unchanged, (folder) => sample(folder, WHOLE));
  await withTimestep("sd3", ofType("int64"), async (folder) => {
    assert.deepEqual(await sample(folder, WHOLE), wanted);
    await assert.rejects(sample(folder, { numInferenceSteps: 5 }), (error: Error) => {
      assert.ok(error instanceof ModelError, String(error));
      assert.match(
        error.message,
        /^timesteps\[0\] is \d+\.\d+, but the network takes timestep as int64, wanted whole numbers: levels with whole 1000 σ$/,
      );
      assert.match(error.hint!, /a timestep of a float type/);
      return true;
    });
  });
});

Deno.test("StableDiffusionPipeline refuses a FLUX that takes σ as int64", () =>
  withTimestep(
    "flux",
    ofType("int64"),
    (folder) =>
      assert.rejects(sample(folder, WHOLE), (error: Error) => {
        assert.ok(error instanceof ModelError, String(error));
        assert.match(error.message, /timesteps\[0\] is 0.5, .* wanted .*: levels with whole σ$/);
        return true;
      }),
  ));
