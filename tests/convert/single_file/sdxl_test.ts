import assert from "node:assert/strict";
import { openSingleFile } from "../../../src/convert/single_file/single_file.ts";
import { convertTextEncoder } from "../../../src/convert/text_encoder/convert_text_encoder.ts";
import { textConfig } from "../../../src/convert/text_encoder/text_config.ts";
import { convertUnet } from "../../../src/convert/unet/convert_unet.ts";
import { unetConfig } from "../../../src/convert/unet/unet_config.ts";
import { convertVae } from "../../../src/convert/vae/convert_vae.ts";
import { vaeConfig } from "../../../src/convert/vae/vae_config.ts";
import { asFile, type Tensors, WEIGHTS_FILE } from "../network_fixture.ts";
import { expectOutputs, readCase, readConfig, readTensors, values } from "../sd_fixture.ts";

const options = { file: "sdxl.safetensors", weightsFile: WEIGHTS_FILE };

// 1.3e-6 was seen.
const BOUND = 1e-5;

Deno.test("openSingleFile() gives SDXL's networks as diffusers does", async () => {
  const { kind, unet, texts, vae, unused } = openSingleFile(
    await asFile(readTensors("sdxl.safetensors")),
    options,
  );
  assert.deepEqual({ kind, unused, texts: texts.length }, { kind: "sdxl", unused: [], texts: 2 });
  const ofUnet = readCase("sdxl", "unet");
  await expectOutputs(
    convertUnet(unet, unetConfig(readConfig("sdxl/unet/config.json"), "c"), options),
    ofUnet.inputs,
    { out_sample: values(ofUnet.outputs, "sample") },
    BOUND,
  );
  const parts = [
    ["text_encoder", "text", "pooler_output"],
    ["text_encoder_2", "text_2", "text_embeds"],
  ];
  for (const [i, [part, name, pooled]] of parts.entries()) {
    const { inputs, outputs } = readCase("sdxl", name);
    const config = textConfig(readConfig(`sdxl/${part}/config.json`), "c");
    await expectOutputs(
      convertTextEncoder(texts[i], config, { ...options, hiddenStates: true }),
      inputs,
      {
        last_hidden_state: values(outputs, "last_hidden_state"),
        [pooled]: values(outputs, pooled),
        [`hidden_states.${config.layers - 1}`]: values(outputs, "hidden_states.-2"),
        [`hidden_states.${config.layers}`]: values(
          outputs,
          "hidden_states.-1_before_final_norm",
        ),
      },
      BOUND,
    );
  }
  const { inputs, outputs } = readCase("sdxl", "vae");
  const config = vaeConfig(readConfig("sdxl/vae/config.json"), "c");
  const { decoder, encoder } = convertVae(vae!, config, options);
  await expectOutputs(decoder, inputs, { sample: values(outputs, "decoded") }, BOUND);
  const image: Tensors = new Map([["sample", inputs.get("image")!]]);
  await expectOutputs(encoder, image, { latent_parameters: values(outputs, "moments") }, BOUND);
});
