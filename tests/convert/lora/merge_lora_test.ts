import assert from "node:assert/strict";
import { LoraFile } from "../../../src/convert/lora/lora_file.ts";
import { mergeLoras } from "../../../src/convert/lora/merge_lora.ts";
import { convertTextEncoder } from "../../../src/convert/text_encoder/convert_text_encoder.ts";
import { textConfig } from "../../../src/convert/text_encoder/text_config.ts";
import { convertUnet } from "../../../src/convert/unet/convert_unet.ts";
import { unetConfig } from "../../../src/convert/unet/unet_config.ts";
import {
  SafetensorsFile,
  type SafetensorsTensor,
  writeSafetensors,
} from "../../../src/formats/safetensors/safetensors.ts";
import { asFile, type Tensors, WEIGHTS_FILE } from "../network_fixture.ts";
import { expectOutputs, readCase, readConfig, readTensors, values } from "../sd_fixture.ts";

const UNET = "sd1/unet/diffusion_pytorch_model.safetensors";
const TEXT = "sd1/text_encoder/model.safetensors";
const LAYER = "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q";
const options = { file: "lora", weightsFile: WEIGHTS_FILE };
const expected = readTensors("lora/case.safetensors");

async function targets() {
  return [
    { name: "unet", tensors: await asFile(readTensors(UNET)) },
    { name: "text_encoder", tensors: await asFile(readTensors(TEXT)) },
  ];
}

async function open(tensors: Tensors) {
  return LoraFile.of(await asFile(tensors), "lora.safetensors");
}

// 1.7e-6 was seen; unmerged weights are 0.7 to 1.9 apart.
for (const kind of ["kohya", "peft", "loha", "lokr"]) {
  Deno.test(`mergeLoras() gives with ${kind} what diffusers and LyCORIS give`, async () => {
    const lora = await open(readTensors(`lora/${kind}.safetensors`));
    const [unet, text] = mergeLoras(await targets(), [{ lora, scale: 0.8 }]);
    const out_sample = values(expected, `${kind}.unet.out.sample`);
    await expectOutputs(
      convertUnet(unet, unetConfig(readConfig("sd1/unet/config.json"), "c"), options),
      readCase("sd1", "unet").inputs,
      { out_sample },
      1e-5,
    );
    const changed = expected.has(`${kind}.text.out.last_hidden_state`);
    const ofText = readCase("sd1", "text");
    const last_hidden_state = changed
      ? values(expected, `${kind}.text.out.last_hidden_state`)
      : values(ofText.outputs, "last_hidden_state");
    const config = textConfig(readConfig("sd1/text_encoder/config.json"), "c");
    const network = convertTextEncoder(text, config, options);
    await expectOutputs(network, ofText.inputs, { last_hidden_state }, 1e-5);
  });
}

function tensor(shape: readonly number[], value = 1): SafetensorsTensor {
  const data = new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(value);
  return { dtype: "F32", shape, data };
}

interface Merge {
  scale?: number;
  layer?: string;
  metadata?: Map<string, string>;
}

/** A layer's weight before and after a merge. */
async function merge(
  entries: Record<string, SafetensorsTensor>,
  { scale = 1, layer = LAYER, metadata }: Merge = {},
): Promise<{ before: number[]; after: number[] }> {
  const bytes = writeSafetensors(new Map(Object.entries(entries)), metadata);
  const file = await SafetensorsFile.open({
    size: bytes.length,
    read: (offset, length) => Promise.resolve(bytes.slice(offset, offset + length)),
  });
  const lora = LoraFile.of(file, "lora.safetensors");
  const all = await targets();
  const merged = mergeLoras(all, [{ lora, scale }]);
  const i = layer.startsWith("text_model") ? 1 : 0;
  const weight = async (from: typeof merged[number]) =>
    Array.from((await from.read(`${layer}.weight`)).data as Float32Array, Number);
  return { before: await weight(all[i].tensors), after: await weight(merged[i]) };
}

/** What a LoRA adds to the first number of a layer's weight. */
async function added(
  entries: Record<string, SafetensorsTensor>,
  options: Merge = {},
): Promise<number> {
  const { before, after } = await merge(entries, options);
  return after[0] - before[0];
}

const near = (value: number, wanted: number) =>
  assert.ok(Math.abs(value - wanted) < 1e-4 * Math.max(1, Math.abs(wanted)), `${value}, ${wanted}`);

Deno.test("mergeLoras() scales by alpha and rank: of the file, of PEFT's metadata, or not at all", async () => {
  const kohya = `lora_unet_${LAYER.replaceAll(".", "_")}`;
  const pair = {
    [`${kohya}.lora_down.weight`]: tensor([4, 32]),
    [`${kohya}.lora_up.weight`]: tensor([32, 4]),
  };
  near(await added(pair), 4);
  near(await added(pair, { scale: -0.5 }), -2);
  near(await added({ ...pair, [`${kohya}.alpha`]: tensor([], 2) }), 2);
  near(await added({ ...pair, [`${kohya}.alpha`]: tensor([], 0) }), 4);
  const peft = {
    [`unet.${LAYER}.lora_A.weight`]: tensor([4, 32]),
    [`unet.${LAYER}.lora_B.weight`]: tensor([32, 4]),
  };
  const settings = (json: unknown) => new Map([["lora_adapter_metadata", JSON.stringify(json)]]);
  near(await added(peft, { metadata: settings({ "unet.lora_alpha": 8, "unet.r": 4 }) }), 8);
  const stabilized = { "unet.lora_alpha": 8, "unet.r": 4, "unet.use_rslora": true };
  near(await added(peft, { metadata: settings(stabilized) }), 16);
  await assert.rejects(
    () => added(peft, { metadata: settings({ "unet.alpha_pattern": { a: 1 } }) }),
    /lora\.safetensors: "unet\.alpha_pattern" of its metadata is set, wanted one alpha for all$/,
  );
});

// Published rule of DoRA: the norm of each output or input becomes its magnitude.
const CONV = "down_blocks.0.resnets.0.conv1";
const DORAS: [file: string, layer: string, magnitude: string, shape: number[], axis: 0 | 1][] = [
  ["LyCORIS, outputs", LAYER, "dora_scale", [32, 1], 0],
  ["LyCORIS, inputs", LAYER, "dora_scale", [1, 32], 1],
  ["LyCORIS, inputs of a convolution", CONV, "dora_scale", [1, 32, 1, 1], 1],
  ["PEFT", LAYER, "lora_magnitude_vector", [32], 0],
  ["PEFT, a convolution", CONV, "lora_magnitude_vector.weight", [1, 32, 1, 1], 0],
];
for (const [file, layer, magnitude, shape, axis] of DORAS) {
  Deno.test(`mergeLoras() sets the norms that a DoRA of ${file} has`, async () => {
    const kernel = layer === CONV ? 9 : 1;
    const down = kernel === 9 ? [2, 32, 3, 3] : [2, 32];
    const entries: Record<string, SafetensorsTensor> = {
      [`unet.${layer}.lora_A.weight`]: tensor(down, 0.01),
      [`unet.${layer}.lora_B.weight`]: tensor(kernel === 9 ? [32, 2, 1, 1] : [32, 2]),
      [`unet.${layer}.${magnitude}`]: {
        ...{ dtype: "F32", shape } as const,
        data: Float32Array.from({ length: 32 }, (_, i) => i / 8),
      },
    };
    const { before, after } = await merge(entries, { layer });
    const groupOf = (i: number) => Math.floor(i / kernel / (axis === 0 ? 32 : 1)) % 32;
    const norms = (weight: number[]) => {
      const sums = new Array<number>(32).fill(0);
      weight.forEach((value, i) => sums[groupOf(i)] += value ** 2);
      return sums.map(Math.sqrt);
    };
    for (const [i, norm] of norms(after).entries()) near(norm, i / 8);
    const changed = before.map((value) => value + 0.02);
    const own = norms(changed);
    for (const i of [0, 99, 777]) near(after[i], changed[i] * groupOf(i) / 8 / own[groupOf(i)]);
    const half = await merge(entries, { layer, scale: 0.5 });
    for (const i of [0, 99, 777]) near(half.after[i], (before[i] + after[i]) / 2);
  });
}

Deno.test("mergeLoras() knows the spellings of diffusers through the years", async () => {
  const block = LAYER.slice(0, -".to_q".length);
  const text = "text_model.encoder.layers.0.self_attn";
  const pairs: [down: string, up: string, layer: string][] = [
    [`${LAYER}.lora_A.weight`, `${LAYER}.lora_B.weight`, LAYER],
    [`${LAYER}.lora_A.default.weight`, `${LAYER}.lora_B.default.weight`, LAYER],
    [`unet.${LAYER}.lora.down.weight`, `unet.${LAYER}.lora.up.weight`, LAYER],
    [
      `unet.${block}.processor.to_q_lora.down.weight`,
      `unet.${block}.processor.to_q_lora.up.weight`,
      LAYER,
    ],
    [
      `${block}.processor.to_out_lora.down.weight`,
      `${block}.processor.to_out_lora.up.weight`,
      `${block}.to_out.0`,
    ],
    [
      `text_encoder.${text}.to_q_lora.down.weight`,
      `text_encoder.${text}.to_q_lora.up.weight`,
      `${text}.q_proj`,
    ],
    [
      `text_encoder.${text}.out_proj.lora_linear_layer.down.weight`,
      `text_encoder.${text}.out_proj.lora_linear_layer.up.weight`,
      `${text}.out_proj`,
    ],
    [
      "lora_te1_text_model_encoder_layers_0_self_attn_k_proj.lora_down.weight",
      "lora_te1_text_model_encoder_layers_0_self_attn_k_proj.lora_up.weight",
      `${text}.k_proj`,
    ],
  ];
  const ldm = "lora_unet_input_blocks_1_1_transformer_blocks_0_attn1_to_q";
  pairs.push([`${ldm}.lora_down.weight`, `${ldm}.lora_up.weight`, LAYER]);
  for (const [down, up, layer] of pairs) {
    const entries = { [down]: tensor([2, 32]), [up]: tensor([32, 2]) };
    near(await added(entries, { layer }), 2);
  }
});

Deno.test("mergeLoras() adds several LoRAs to one weight", async () => {
  const parts: Tensors = new Map([
    [`unet.${LAYER}.lora_A.weight`, tensor([1, 32])],
    [`unet.${LAYER}.lora_B.weight`, tensor([32, 1])],
  ]);
  const all = await targets();
  const [unet] = mergeLoras(all, [
    { lora: await open(parts), scale: 0.25 },
    { lora: await open(parts), scale: 0.5 },
  ]);
  const name = `${LAYER}.weight`;
  const [one, base] = [await unet.read(name), await all[0].tensors.read(name)];
  near(Number(one.data[5]) - Number(base.data[5]), 0.75);
  assert.equal(unet.entries.get("conv_in.weight")!.dtype, "F16");
});

Deno.test("mergeLoras() refuses LoRAs of other models, damaged ones and other files", async () => {
  const key = `lora_unet_${LAYER.replaceAll(".", "_")}`;
  const cases: [entries: Record<string, SafetensorsTensor>, message: RegExp][] = [
    [
      { "lora_unet_x.lora_up.weight": tensor([1]) },
      /: 1 of 1 layers are not in this model: "lora_unet_x"$/,
    ],
    [{ [`${key}.lora_up.weight`]: tensor([32, 4]) }, /has only up$/],
    [
      { [`${key}.lora_up.weight`]: tensor([32, 4]), [`${key}.lora_down.weight`]: tensor([3, 32]) },
      /has parts whose sizes do not match: 32×4 times 3×32$/,
    ],
    [
      { [`${key}.lora_up.weight`]: tensor([32, 4]), [`${key}.lora_down.weight`]: tensor([4, 40]) },
      /changes 32×40 numbers, the weight is \[32,32\]$/,
    ],
    [{ [`${key}.dora_scale`]: tensor([32, 1]) }, /has only dora_scale$/],
    [
      {
        [`${key}.lora_up.weight`]: tensor([32, 4]),
        [`${key}.lora_down.weight`]: tensor([4, 32]),
        [`${key}.dora_scale`]: tensor([31, 1]),
      },
      /has 31 magnitudes, the weight is \[32,32\]$/,
    ],
    [{ "conv_in.weight": tensor([4]) }, /holds "conv_in\.weight", wanted the tensors of a LoRA/],
    [{}, /holds no tensors, wanted/],
  ];
  for (const [entries, message] of cases) {
    await assert.rejects(() => added(entries), (error: Error) => {
      assert.match(error.message, message);
      assert.match(error.message, /^lora\.safetensors/);
      return true;
    });
  }
});
