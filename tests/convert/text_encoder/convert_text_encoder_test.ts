import assert from "node:assert/strict";
import {
  convertTextEncoder,
  type ConvertTextEncoderOptions,
} from "../../../src/convert/text_encoder/convert_text_encoder.ts";
import { textConfig } from "../../../src/convert/text_encoder/text_config.ts";
import { ModelError } from "../../../src/errors.ts";
import type { JsonObject } from "../../../src/formats/json.ts";
import { checkEncoder } from "../../../src/models/text_encoder_network.ts";
import { Environment } from "../../../src/runtime/environment.ts";
import { InferenceSession } from "../../../src/runtime/inference_session.ts";
import { withTempFolder } from "../../support/temp_folder.ts";
import { asFile, runOutputs, type Tensors, WEIGHTS_FILE, weightsOf } from "../network_fixture.ts";
import { expectOutputs, readCase, readConfig, readTensors, values } from "../sd_fixture.ts";

const tensors = readTensors("sd1/text_encoder/model.safetensors");
const json = readConfig("sd1/text_encoder/config.json");
const { inputs, outputs } = readCase("sd1", "text");

async function convert(
  options: Partial<ConvertTextEncoderOptions> = {},
  given: Tensors = tensors,
  config: JsonObject = json,
) {
  return convertTextEncoder(await asFile(given), textConfig(config, "config.json"), {
    file: "text.safetensors",
    weightsFile: WEIGHTS_FILE,
    ...options,
  });
}

// 5e-7 was seen in float32, 6e-4 in float16.
for (const [compute, bound] of [["float32", 1e-5], ["float16", 5e-3]] as const) {
  Deno.test(`convertTextEncoder() gives what transformers gives, ${compute}`, async () => {
    await expectOutputs(await convert({ compute, hiddenStates: true }), inputs, {
      last_hidden_state: values(outputs, "last_hidden_state"),
      pooler_output: values(outputs, "pooler_output"),
      "hidden_states.2": values(outputs, "hidden_states.-2"),
      "hidden_states.3": values(outputs, "hidden_states.-1_before_final_norm"),
    }, bound);
  });
}

Deno.test("convertTextEncoder() makes the same of names without text_model.", async () => {
  const short: Tensors = new Map(
    [...tensors].map(([name, tensor]) => [name.replace(/^text_model\./, ""), tensor]),
  );
  assert.ok(short.has("final_layer_norm.weight"));
  const [one, other] = [await convert(), await convert({}, short)];
  assert.deepEqual(other.model, one.model);
  assert.deepEqual(await weightsOf(other), await weightsOf(one));
});

Deno.test("convertTextEncoder() pools at the first end, or at the largest id where the config says 2", async () => {
  const ids = inputs.get("input_ids")!.data as BigInt64Array;
  const end = 1000n;
  const changed = ids.slice(0, 77).fill(5n);
  changed[20] = end;
  changed[30] = end;
  changed[9] = 1300n;
  const row: Tensors = new Map([["input_ids", { dtype: "I64", shape: [1, 77], data: changed }]]);
  for (const [eos_token_id, place] of [[1000, 20], [2, 9]] as const) {
    const network = await convert({}, tensors, { ...json, eos_token_id });
    const made = await runOutputs(network, row);
    const hidden = made.get("last_hidden_state")!;
    assert.deepEqual(made.get("pooler_output"), hidden.slice(place * 32, (place + 1) * 32));
  }
});

Deno.test("convertTextEncoder() makes what TextEncoderNetwork opens", () =>
  withTempFolder(async (folder) => {
    const network = await convert();
    await Deno.writeFile(`${folder}/model.onnx`, network.model);
    await Deno.writeFile(`${folder}/${WEIGHTS_FILE}`, await weightsOf(network));
    using environment = Environment.open();
    await using session = await InferenceSession.create(environment, `${folder}/model.onnx`);
    assert.deepEqual(checkEncoder("text", session, 77).hidden.shape, ["batch", 77, 32]);
  }));

Deno.test("textConfig() has transformers' defaults and refuses what would be another network", () => {
  assert.deepEqual(textConfig({}, "c.json"), {
    ...{ vocabulary: 49408, positions: 77, width: 512, mlpWidth: 2048, layers: 12, heads: 8 },
    ...{ activation: "quick_gelu", endToken: 49407, projection: undefined },
  });
  const bad: [change: JsonObject, message: RegExp][] = [
    [{ model_type: "t5" }, /^c\.json: model_type is "t5", wanted clip_text_model or clip$/],
    [{ hidden_act: "relu" }, /hidden_act is "relu", wanted one of quick_gelu, gelu$/],
    [{ num_attention_heads: 5 }, /num_attention_heads is 5, wanted a divisor of 32$/],
    [{ num_hidden_layers: 1e9 }, /num_hidden_layers is 1000000000/],
    [{ layer_norm_eps: 1e-6 }, /layer_norm_eps is 0.000001, wanted 0.00001$/],
    [{ eos_token_id: 1.5 }, /eos_token_id is 1.5, wanted an id below 1314$/],
    [{ eos_token_id: -1 }, /eos_token_id is -1/],
    [{ architectures: ["T5EncoderModel"] }, /architectures is \["T5EncoderModel"\]/],
    [{ architectures: [] }, /architectures is \[\], wanted CLIPTextModel or/],
  ];
  for (const [change, message] of bad) {
    assert.throws(
      () => textConfig({ ...json, ...change }, "c.json"),
      (error: Error) => error instanceof ModelError && message.test(error.message),
      JSON.stringify(change),
    );
  }
});
