import assert from "node:assert/strict";
import { convertVae, type ConvertVaeOptions } from "../../../src/convert/vae/convert_vae.ts";
import { vaeConfig } from "../../../src/convert/vae/vae_config.ts";
import { ModelError } from "../../../src/errors.ts";
import type { JsonObject } from "../../../src/formats/json.ts";
import { readSafetensors } from "../../../src/formats/safetensors/safetensors.ts";
import {
  asFile,
  relativeError,
  runNetwork,
  type Tensors,
  WEIGHTS_FILE,
} from "../network_fixture.ts";

// Made by tests/fixtures/convert/make_vae_case.py.
const FOLDER = "tests/fixtures/convert/vae";
const tensors: Tensors =
  readSafetensors(Deno.readFileSync(`${FOLDER}/diffusion_pytorch_model.safetensors`)).tensors;
const example: Tensors =
  readSafetensors(Deno.readFileSync("tests/fixtures/convert/vae_case.safetensors")).tensors;
const json: JsonObject = JSON.parse(Deno.readTextFileSync(`${FOLDER}/config.json`));

async function convert(given: Tensors = tensors, options: Partial<ConvertVaeOptions> = {}) {
  return convertVae(await asFile(given), vaeConfig(json, "config.json"), {
    file: "vae.safetensors",
    weightsFile: WEIGHTS_FILE,
    ...options,
  });
}

async function errors(given: Tensors, options: Partial<ConvertVaeOptions> = {}): Promise<number[]> {
  const { decoder, encoder } = await convert(given, options);
  return [
    relativeError(await runNetwork(decoder, example), data("decoded")),
    relativeError(await runNetwork(encoder, example), data("latent_parameters")),
  ];
}

function data(name: string): Float32Array {
  return example.get(name)!.data as Float32Array;
}

// ONNX Runtime and PyTorch add in other orders: 1e-6 was seen.
const PRECISIONS: [options: Partial<ConvertVaeOptions>, bound: number][] = [
  [{}, 1e-5],
  [{ storage: "fp16" }, 5e-3],
  [{ compute: "float16" }, 1e-2],
];
for (const [options, bound] of PRECISIONS) {
  Deno.test(`convertVae() gives what diffusers gives, ${JSON.stringify(options)}`, async () => {
    for (const error of await errors(tensors, options)) assert.ok(error <= bound, `${error}`);
  });
}

Deno.test("convertVae() takes the attention's names of old diffusers", async () => {
  const old: Record<string, string> = {
    "to_q": "query",
    "to_k": "key",
    "to_v": "value",
    "to_out.0": "proj_attn",
  };
  const renamed: Tensors = new Map([...tensors].map(([name, tensor]) => [
    name.replace(/to_(q|k|v|out\.0)/, (layer) => old[layer]),
    tensor,
  ]));
  assert.ok(renamed.has("encoder.mid_block.attentions.0.proj_attn.weight"));
  for (const error of await errors(renamed)) assert.ok(error <= 1e-5, `${error}`);
});

Deno.test("convertVae() lists missing and unexpected tensors", async () => {
  const given = new Map(tensors);
  given.set("decoder.conv_im.bias", given.get("decoder.conv_in.bias")!);
  given.delete("decoder.conv_in.bias");
  await assert.rejects(
    () => convert(given),
    /^ModelError: vae\.safetensors: 1 missing: "decoder\.conv_in\.bias" \(nearest: "decoder\.conv_im\.bias"\); 1 not expected/,
  );
});

Deno.test("vaeConfig() has diffusers' defaults and refuses what would be another network", () => {
  const least = vaeConfig({ block_out_channels: [128, 256] }, "c.json");
  assert.deepEqual(least, {
    ...{ channels: 3, latentChannels: 4, widths: [128, 256], layers: 1, groups: 32 },
    ...{ scalingFactor: 0.18215, quantConv: true, postQuantConv: true, attention: true },
  });
  const bad: [change: JsonObject, message: RegExp][] = [
    [{ _class_name: "VQModel" }, /^c\.json: _class_name is "VQModel", wanted AutoencoderKL$/],
    [{ act_fn: "gelu" }, /act_fn is "gelu"/],
    [{ shift_factor: 0.1 }, /shift_factor is 0\.1, wanted null or 0$/],
    [{ block_out_channels: [] }, /block_out_channels is \[\]/],
    [{ block_out_channels: [8, "8"] }, /block_out_channels/],
    [{ block_out_channels: [48] }, /norm_num_groups is 32, wanted a divisor of all of 48$/],
    [{ down_block_types: ["DownEncoderBlock2D"] }, /wanted 2 times DownEncoderBlock2D$/],
    [{ up_block_types: ["AttnUpDecoderBlock2D", "UpDecoderBlock2D"] }, /up_block_types/],
    [{ layers_per_block: 0 }, /layers_per_block is 0/],
    [{ scaling_factor: -1 }, /scaling_factor is -1/],
    [{ use_quant_conv: 1 }, /use_quant_conv is 1, wanted true or false$/],
  ];
  for (const [change, message] of bad) {
    const given = { block_out_channels: [128, 256], ...change };
    assert.throws(
      () => vaeConfig(given, "c.json"),
      (error: Error) => error instanceof ModelError && message.test(error.message),
      JSON.stringify(change),
    );
  }
});
