import assert from "node:assert/strict";
import {
  openSingleFile,
  type SingleFileOptions,
} from "../../../src/convert/single_file/single_file.ts";
import { convertTextEncoder } from "../../../src/convert/text_encoder/convert_text_encoder.ts";
import { ldmLayers, unetNames } from "../../../src/convert/single_file/unet_names.ts";
import { textConfig } from "../../../src/convert/text_encoder/text_config.ts";
import { convertUnet } from "../../../src/convert/unet/convert_unet.ts";
import { unetConfig } from "../../../src/convert/unet/unet_config.ts";
import { convertVae } from "../../../src/convert/vae/convert_vae.ts";
import { vaeConfig } from "../../../src/convert/vae/vae_config.ts";
import { ModelError } from "../../../src/errors.ts";
import type { SafetensorsTensor } from "../../../src/formats/safetensors/safetensors.ts";
import { asFile, type Tensors, WEIGHTS_FILE } from "../network_fixture.ts";
import { expectOutputs, readCase, readConfig, readTensors, values } from "../sd_fixture.ts";

const tensors = readTensors("sd2.safetensors");
const options = { file: "sd2.safetensors", weightsFile: WEIGHTS_FILE };
const UNET = "model.diffusion_model.";

async function open(given: Tensors = tensors, options: Partial<SingleFileOptions> = {}) {
  return openSingleFile(await asFile(given), { file: "sd2.safetensors", ...options });
}

// 2.6e-6 was seen in float32, 2.6e-3 in float16.
for (const [compute, bound] of [["float32", 1e-5], ["float16", 1e-2]] as const) {
  Deno.test(`openSingleFile() of LDM names gives the networks of diffusers, ${compute}`, async () => {
    const { kind, unet, texts, vae, averaged, unused } = await open();
    assert.deepEqual({ kind, averaged, unused }, { kind: "sd2", averaged: undefined, unused: [] });
    const networkOptions = { ...options, compute };
    const ofUnet = readCase("sd2", "unet");
    await expectOutputs(
      convertUnet(unet, unetConfig(readConfig("sd2/unet/config.json"), "c"), networkOptions),
      ofUnet.inputs,
      { out_sample: values(ofUnet.outputs, "sample") },
      bound,
    );
    const ofText = readCase("sd2", "text");
    const text = textConfig(readConfig("sd2/text_encoder/config.json"), "c");
    await expectOutputs(
      convertTextEncoder(texts[0], text, networkOptions),
      ofText.inputs,
      {
        last_hidden_state: values(ofText.outputs, "last_hidden_state"),
        pooler_output: values(ofText.outputs, "pooler_output"),
      },
      bound,
    );
    const { inputs, outputs } = readCase("sd2", "vae");
    const config = vaeConfig(readConfig("sd2/vae/config.json"), "c");
    const { decoder, encoder } = convertVae(vae!, config, networkOptions);
    await expectOutputs(decoder, inputs, { sample: values(outputs, "decoded") }, bound);
    const image: Tensors = new Map([["sample", inputs.get("image")!]]);
    await expectOutputs(encoder, image, { latent_parameters: values(outputs, "moments") }, bound);
  });
}

/** The tensors with averages of the UNet beside them, all zeros. */
function withAverages(count = Infinity): Tensors {
  const given = new Map(tensors);
  const plain = [...tensors].filter(([name]) => name.startsWith(UNET)).slice(0, count);
  for (const [name, { dtype, shape, data }] of plain) {
    const zeros = { dtype, shape, data: data.slice().fill(0 as never) } as SafetensorsTensor;
    given.set(`model_ema.${name.slice(6).replaceAll(".", "")}`, zeros);
  }
  const number = (value: number): SafetensorsTensor => ({
    dtype: "F32",
    shape: [],
    data: Float32Array.of(value),
  });
  return given.set("model_ema.decay", number(0.9999)).set("model_ema.num_updates", number(7));
}

Deno.test("openSingleFile() takes averaged weights of the UNet, or the plain ones, and says which", async () => {
  for (const [plainWeights, sum] of [[false, 0], [true, 1]] as const) {
    const { unet, averaged, unused } = await open(withAverages(), { plainWeights });
    const { data } = await unet.read("conv_in.weight");
    assert.equal((data as Float16Array).some((value) => value !== 0), sum === 1);
    assert.deepEqual({ averaged, unused }, { averaged: !plainWeights, unused: [] });
  }
  await assert.rejects(
    () => open(withAverages(5)),
    /sd2\.safetensors: \d+ of \d+ weights of the UNet have no average, such as "model\./,
  );
});

Deno.test("openSingleFile() reads marks and lists what belongs to no network", async () => {
  const given = new Map(tensors);
  given.set("v_pred", { dtype: "F32", shape: [0], data: new Float32Array(0) });
  given.set("cond_stage_model.model.logit_scale", given.get("betas")!);
  given.set("first_stage_model.loss.logvar", given.get("betas")!);
  given.set("safety_checker.concept_embeds", given.get("betas")!);
  const { predictsV, unused } = await open(given);
  assert.deepEqual({ predictsV, unused }, {
    predictsV: true,
    unused: ["safety_checker.concept_embeds"],
  });
});

Deno.test("openSingleFile() leaves tensors of no known place to be found", async () => {
  const given = new Map(tensors);
  const one = given.get(`${UNET}out.0.bias`)!;
  for (const name of ["input_blocks.x.0.weight", "out.7.bias", "middle_block.1.extra.bias"]) {
    given.set(`${UNET}${name}`, one);
  }
  given.set(`${UNET}conv_norm_out.bias`, one);
  const { unet } = await open(given);
  const config = unetConfig(readConfig("sd2/unet/config.json"), "c");
  assert.throws(
    () => convertUnet(unet, config, options),
    /^ModelError: sd2\.safetensors: 4 not expected: /,
  );
});

/** Tensors of a name each, all of one shape. */
function named(names: readonly string[], shape: readonly number[] = [1, 4, 1, 1]): Tensors {
  const size = shape.reduce((a, b) => a * b, 1);
  return new Map(
    names.map((name) => [name, { dtype: "F32", shape, data: new Float32Array(size) }]),
  );
}

const CONV_IN = `${UNET}input_blocks.0.0.weight`;

Deno.test("openSingleFile() names what it refuses", async () => {
  const cases: [what: RegExp, names: string[], shape?: number[]][] = [
    [/is a LoRA, wanted/, ["lora_unet_mid_block_attentions_0_proj_in.lora_down.weight"]],
    [/is a LoRA, wanted/, ["unet.mid_block.attentions.0.proj_in.lora_A.weight"]],
    [/is a LoRA, wanted/, ["down_blocks.0.attentions.0.attn1.processor.to_q_lora.down.weight"]],
    [/is a LoRA, wanted/, ["lycoris_mid_block.hada_w1_a", "x.lokr_w1"]],
    [/is a ControlNet, wanted/, ["control_model.input_hint_block.0.weight"]],
    [/is a ControlNet, wanted/, [CONV_IN, "control_model.zero_convs.0.0.weight"]],
    [/is a ControlNet, wanted/, ["controlnet_cond_embedding.conv_in.weight"]],
    [/is a textual inversion, wanted/, ["emb_params"]],
    [/is a textual inversion, wanted/, ["clip_g", "clip_l"]],
    [/is Stable Diffusion 3, wanted/, ["model.diffusion_model.joint_blocks.0.x_block.attn.qkv"]],
    [/is Flux, wanted/, ["double_blocks.0.img_attn.qkv.weight"]],
    [/is a DiT, wanted/, ["x_embedder.proj.weight", "blocks.0.attn.qkv.weight"]],
    [/is the UNet of a diffusers folder alone/, ["down_blocks.0.resnets.0.conv1.weight"]],
    [/is a VAE alone/, ["first_stage_model.decoder.conv_in.weight"]],
    [/is a VAE alone/, ["decoder.conv_in.weight"]],
    [/is a text encoder alone/, ["text_model.embeddings.token_embedding.weight"]],
    [/has no tensor model\.diffusion_model\.input_blocks/, ["a", "b"]],
    [/is an inpainting model, whose UNet takes 9 channels/, [CONV_IN], [1, 9, 3, 3]],
    [/is an InstructPix2Pix model, whose UNet takes 8 channels/, [CONV_IN], [1, 8, 3, 3]],
    [/is an upscaler, whose UNet takes 7 channels/, [CONV_IN], [1, 7, 3, 3]],
    [/is another model, whose UNet takes 6 channels/, [CONV_IN], [1, 6, 3, 3]],
    [/input_blocks\.0\.0\.weight" is \[4\], wanted 4 dimensions/, [CONV_IN], [4]],
    [/is the refiner of Stable Diffusion XL/, [
      CONV_IN,
      "conditioner.embedders.0.model.ln_final.bias",
    ]],
    [/ends without signal \(ztsnr\)/, [CONV_IN, "ztsnr"]],
    [/is a model with a condition of its own/, [CONV_IN, `${UNET}label_emb.0.0.weight`]],
    [/is a UNet without a text encoder/, [CONV_IN]],
  ];
  for (const [message, names, shape] of cases) {
    await assert.rejects(() => open(named(names, shape)), (error: Error) => {
      assert.ok(error instanceof ModelError, error.stack);
      assert.match(error.message, message);
      assert.match(error.message, /^sd2\.safetensors/);
      return true;
    });
  }
});

Deno.test("ldmLayers() undoes what unetNames() does", () => {
  const names = [...tensors.keys()].filter((name) => name.startsWith(UNET)).map((name) =>
    name.slice(UNET.length)
  );
  const folder = names.map(unetNames(names));
  const back = ldmLayers(folder);
  for (const [i, name] of folder.entries()) {
    const [, layer, kind] = /^(.*)\.(weight|bias)$/.exec(name)!;
    assert.equal(`${back(layer)}.${kind}`, names[i]);
  }
  assert.equal(back("conv_middle"), undefined);
});
