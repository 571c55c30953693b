import assert from "node:assert/strict";
import { convertUnet, type ConvertUnetOptions } from "../../../src/convert/unet/convert_unet.ts";
import { unetConfig } from "../../../src/convert/unet/unet_config.ts";
import { ModelError } from "../../../src/errors.ts";
import type { JsonObject } from "../../../src/formats/json.ts";
import { readOnnx } from "../../../src/formats/onnx/onnx.ts";
import type { SafetensorsTensor } from "../../../src/formats/safetensors/safetensors.ts";
import { alphasCumprod } from "../../../src/sampling/schedules/alphas_cumprod.ts";
import { SCHEDULER_PRESETS } from "../../../src/sampling/schedules/scheduler_config.ts";
import { asFile, runNetwork, type Tensors, WEIGHTS_FILE } from "../network_fixture.ts";
import { expectOutputs, readCase, readConfig, readTensors, values } from "../sd_fixture.ts";

const tensors = readTensors("sd1/unet/diffusion_pytorch_model.safetensors");
const json = readConfig("sd1/unet/config.json");
const { inputs, outputs } = readCase("sd1", "unet");

async function convert(options: Partial<ConvertUnetOptions> = {}, given: Tensors = tensors) {
  return convertUnet(await asFile(given), unetConfig(json, "config.json"), {
    file: "unet.safetensors",
    weightsFile: WEIGHTS_FILE,
    ...options,
  });
}

// 1.2e-6 was seen in float32; the weights are exact in fp16, so that storing them so changes
// nothing.
const PRECISIONS: [options: Partial<ConvertUnetOptions>, bound: number][] = [
  [{}, 1e-5],
  [{ storage: "fp16" }, 1e-5],
  [{ compute: "float16" }, 1e-2],
];
for (const [options, bound] of PRECISIONS) {
  Deno.test(`convertUnet() gives what diffusers gives, ${JSON.stringify(options)}`, async () => {
    const out_sample = values(outputs, "sample");
    await expectOutputs(await convert(options), inputs, { out_sample }, bound);
  });
}

Deno.test("convertUnet() gives a row the same alone and in a batch", async () => {
  const network = await convert();
  const all = await runNetwork(network, inputs);
  const last: Tensors = new Map([...inputs].map(([name, { dtype, shape, data }]) => {
    const row = data.slice(data.length / 3 * 2);
    return [name, { dtype, shape: [1, ...shape.slice(1)], data: row } as SafetensorsTensor];
  }));
  assert.deepEqual(await runNetwork(network, last), all.slice(all.length / 3 * 2));
});

Deno.test("convertUnet() turns v into epsilon, and accepts given sizes only", async () => {
  const schedule = SCHEDULER_PRESETS["stable-diffusion"];
  const [height, width] = inputs.get("sample")!.shape.slice(2);
  const sizes = { height, width, tokens: inputs.get("encoder_hidden_states")!.shape[1] };
  const network = await convert({ epsilonOf: schedule, sizes });
  const v = values(outputs, "sample");
  const x = values(inputs, "sample");
  const alphas = alphasCumprod(schedule, "float64");
  const timesteps = inputs.get("timestep")!.data as BigInt64Array;
  const out_sample = v.map((value, i) => {
    const alpha = alphas[Number(timesteps[Math.floor(i / (v.length / timesteps.length))])];
    return Math.sqrt(alpha) * value + Math.sqrt(1 - alpha) * x[i];
  });
  await expectOutputs(network, inputs, { out_sample }, 1e-5);
  const shown = readOnnx(network.model).graph.inputs.map(({ elemType, dims }) => [elemType, dims]);
  assert.deepEqual(shown, [
    [1, ["batch", 4, height, width]],
    [7, ["batch"]],
    [1, ["batch", sizes.tokens, 32]],
  ]);
});

Deno.test("convertUnet() declares optimum's inputs and output, with a float timestep per row", async () => {
  const { graph, domains } = readOnnx((await convert()).model);
  assert.deepEqual(domains, [""]);
  const shown = [...graph.inputs, ...graph.outputs].map(({ name, elemType, dims }) =>
    [name, elemType, dims] as const
  );
  assert.deepEqual(shown, [
    ["sample", 1, ["batch", 4, "height", "width"]],
    ["timestep", 1, ["batch"]],
    ["encoder_hidden_states", 1, ["batch", "tokens", 32]],
    ["out_sample", 1, ["batch", 4, "height", "width"]],
  ]);
});

Deno.test("convertUnet() lists missing and unexpected tensors", async () => {
  const given = new Map(tensors);
  given.set("conv_im.bias", given.get("conv_in.bias")!);
  given.delete("conv_in.bias");
  await assert.rejects(
    () => convert({}, given),
    /^ModelError: unet\.safetensors: 1 missing: "conv_in\.bias" \(nearest: "conv_im\.bias"\)/,
  );
});

Deno.test("unetConfig() has diffusers' defaults: an empty file with widths is SD v1's shape", () => {
  const block_out_channels = [320, 640, 1280, 1280];
  assert.deepEqual(unetConfig({ block_out_channels, cross_attention_dim: 768 }, "c.json"), {
    ...{ channels: 4, outChannels: 4, widths: block_out_channels, layers: 2 },
    ...{ depths: [1, 1, 1, 0], middleDepth: 1, heads: [8, 8, 8, 8], contextWidth: 768 },
    ...{
      linearProjection: false,
      upcastAttention: false,
      groups: 32,
      epsilon: 1e-5,
      addition: undefined,
    },
  });
});

Deno.test("unetConfig() refuses what would be another network", () => {
  const bad: [change: JsonObject, message: RegExp][] = [
    [{ _class_name: "UNet2DModel" }, /^c\.json: _class_name is "UNet2DModel", wanted UNet2D/],
    [{ time_cond_proj_dim: 256 }, /time_cond_proj_dim is 256, wanted null$/],
    [{ class_embed_type: "timestep" }, /class_embed_type is "timestep", wanted null$/],
    [{ attention_head_dim: [8] }, /attention_head_dim is \[8\], wanted .*, or 2 of them$/],
    [{ attention_head_dim: 7 }, /attention_head_dim is 7, wanted .* divide the width 32$/],
    [{ block_out_channels: [32, 1e9] }, /block_out_channels is \[32,1000000000\]/],
    [{ block_out_channels: "32" }, /block_out_channels is "32"/],
    [{ norm_num_groups: 5 }, /norm_num_groups is 5, wanted a divisor of all of 32, 40$/],
    [{ layers_per_block: [1, 2] }, /layers_per_block is \[1,2\], wanted one number for all/],
    [{ layers_per_block: 1e6 }, /layers_per_block is 1000000/],
    [{ transformer_layers_per_block: 0 }, /transformer_layers_per_block is 0/],
    [{ down_block_types: [] }, /down_block_types is \[\], wanted 1 to 8 of DownBlock2D and/],
    [{ up_block_types: ["UpBlock2D", "UpBlock2D"] }, /wanted UpBlock2D, CrossAttnUpBlock2D$/],
    [{ addition_embed_type: "text" }, /addition_embed_type is "text", wanted null or text_time/],
    [
      { addition_embed_type: "text_time" },
      /addition_time_embed_dim is null, wanted a whole number from 1 to 65536$/,
    ],
    [{ norm_eps: 0 }, /norm_eps is 0, wanted a number above 0$/],
  ];
  for (const [change, message] of bad) {
    assert.throws(
      () => unetConfig({ ...json, ...change }, "c.json"),
      (error: Error) => error instanceof ModelError && message.test(error.message),
      JSON.stringify(change),
    );
  }
});
