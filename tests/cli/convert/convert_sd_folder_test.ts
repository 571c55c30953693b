import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { readSafetensors, writeSafetensors } from "../../../src/formats/safetensors/safetensors.ts";
import { relativeError, type Tensors } from "../../convert/network_fixture.ts";
import { readConfig, readTensors, SD_FIXTURES } from "../../convert/sd_fixture.ts";
import { checkpointOfParts } from "../../support/checkpoint_builder.ts";
import { readSample, runQuietly } from "../../support/sampling.ts";
import { copyFolder, withTempFolder } from "../../support/temp_folder.ts";
import { contents, convert, converted, TOKENIZER } from "./convert_sd.ts";

const SINGLE = join(SD_FIXTURES, "sd2.safetensors");
const CONFIG = join(SD_FIXTURES, "sd2");

/** A diffusers folder: the tiny model of version 1 and a tokenizer. */
function withModel<T>(test: (folder: string, model: string) => Promise<T>): Promise<T> {
  return withTempFolder(async (folder) => {
    const model = join(folder, "diffusers");
    await copyFolder(join(SD_FIXTURES, "sd1"), model);
    await copyFolder(TOKENIZER, join(model, "tokenizer"));
    return await test(folder, model);
  });
}

const NETWORKS = ["text_encoder", "unet", "vae_decoder", "vae_encoder"];
const TOKENIZER_FILES = [
  "merges.txt",
  "special_tokens_map.json",
  "tokenizer_config.json",
  "vocab.json",
];
const WHOLE = [
  "model_index.json",
  "scheduler/scheduler_config.json",
  ...NETWORKS.flatMap((part) =>
    ["config.json", "model.onnx", "model.safetensors"].map((name) => `${part}/${name}`)
  ),
  ...TOKENIZER_FILES.map((name) => `tokenizer/${name}`),
].sort();

Deno.test("convert sd converts a diffusers folder to a model that parallel_sd samples", () =>
  withModel(async (folder, model) => {
    const out = join(folder, "new/model");
    const lines = await converted("--checkpoint_path", model, "-o", out);
    assert.deepEqual([...(await contents(out)).keys()].sort(), WHOLE);
    assert.equal(lines[0], "Stable Diffusion, widths 32, 40, context 32, predicts epsilon");
    assert.equal(lines.at(-1), `next: deno task sd --model_path ${out} --prompt "a cute dog"`);
    const args = ["-m", out, "-o", folder, "--timesteps=4", "--prompt=a dog", "--num_samples=1"];
    const sequential = await runQuietly("sd", [...args, "--method=sequential"]);
    const parallel = await runQuietly("sd", args);
    assert.ok((await contents(parallel)).has("sample_0/step_0.png"));
    const [one, other] = [await readSample(sequential), await readSample(parallel)];
    assert.ok(relativeError(other.trajectory, one.trajectory) < 1e-2);
  }));

Deno.test("convert sd --fp16 adds networks of half the size", () =>
  withModel(async (folder, model) => {
    const out = join(folder, "model");
    await converted("--ckpt", model, "-o", out);
    const lines = await converted("--ckpt", model, "-o", out, "--fp16");
    assert.ok(lines.includes("model_index.json exists and is kept"));
    const made = await contents(out);
    const size = (name: string) => made.get(`unet/${name}.safetensors`)!.length;
    assert.ok(size("model_fp16") < 0.6 * size("model"));
    const args = ["-m", out, "-o", folder, "--timesteps=4", "--num_samples=1", "--fp16"];
    assert.ok((await contents(await runQuietly("sd", args))).has("sample_0/step_0.png"));
  }));

Deno.test("convert sd refuses a folder of another model, and notes changed files of this one", () =>
  withModel(async (folder, model) => {
    const scheduler = "scheduler/scheduler_config.json";
    for (const name of [scheduler, "tokenizer/vocab.json", "model_index.json"]) {
      const out = join(folder, name);
      await Deno.mkdir(dirname(join(out, name)), { recursive: true });
      await Deno.writeTextFile(join(out, name), "{}");
      const { error } = await convert("--ckpt", model, "-o", out);
      assert.equal(error?.exitCode, 2);
      assert.match(error!.message, new RegExp(`--output_path .* has a ${name} of another model$`));
      assert.deepEqual([...(await contents(out)).keys()], [name]);
    }
    const out = join(folder, "out");
    await converted("--ckpt", model, "-o", out);
    await Deno.writeTextFile(join(out, scheduler), '{"timestep_spacing":"trailing"}');
    const lines = await converted("--ckpt", model, "-o", out, "--fp16");
    const note = `note: ${scheduler} exists, differs from the checkpoint's and is kept`;
    assert.deepEqual(lines.filter((line) => line.includes("differs")), [note]);
    const kept = (await contents(out)).get(scheduler)!;
    assert.equal(new TextDecoder().decode(kept), '{"timestep_spacing":"trailing"}');
  }));

/**
 * The folder that diffusers would have of converted networks: their weights files carry its names.
 */
async function asDiffusers(converted: string, folder: string): Promise<void> {
  const vae = new Map([
    ...readTensorsOf(join(converted, "vae_decoder/model.safetensors")),
    ...readTensorsOf(join(converted, "vae_encoder/model.safetensors")),
  ]);
  const weights: [path: string, tensors: Tensors][] = [
    ["unet/diffusion_pytorch_model", readTensorsOf(join(converted, "unet/model.safetensors"))],
    ["text_encoder/model", readTensorsOf(join(converted, "text_encoder/model.safetensors"))],
    ["vae/diffusion_pytorch_model", vae],
  ];
  await copyFolder(CONFIG, folder);
  await copyFolder(join(converted, "tokenizer"), join(folder, "tokenizer"));
  await Deno.copyFile(join(converted, "model_index.json"), join(folder, "model_index.json"));
  for (const [path, tensors] of weights) {
    await Deno.writeFile(join(folder, `${path}.safetensors`), writeSafetensors(tensors));
  }
}

function readTensorsOf(path: string): Tensors {
  return readSafetensors(Deno.readFileSync(path)).tensors;
}

Deno.test("convert sd gives the same bytes for a single file, a .ckpt and a folder", () =>
  withTempFolder(async (folder) => {
    const flags = ["--config_path", CONFIG, "--tokenizer_path", TOKENIZER];
    const first = join(folder, "1/model");
    const lines = await converted("--ckpt", SINGLE, ...flags, "-o", first);
    assert.equal(
      lines[0],
      "Stable Diffusion 2, widths 16, 32, context 24, predicts v_prediction",
    );
    assert.match(lines[1], /^note: .* pads with token 1313, .* was trained with "!"$/);
    const made = await contents(first);
    const ckpt = join(folder, "sd2.ckpt");
    const wide = [...readTensors("sd2.safetensors")].map(([name, { shape, data }]) =>
      [name, { shape, data: Float32Array.from(data as Float16Array) }] as const
    );
    await Deno.writeFile(ckpt, checkpointOfParts({ state_dict: new Map(wide) }));
    const second = join(folder, "2/model");
    const said = await converted("--ckpt", ckpt, ...flags, "-o", second);
    assert.ok(said.includes('note: weights: part "state_dict"'), said.join("\n"));
    assert.deepEqual(await contents(second), made);
    await asDiffusers(first, join(folder, "diffusers"));
    const third = join(folder, "3/model");
    await converted("--ckpt", join(folder, "diffusers"), "-o", third);
    assert.deepEqual(await contents(third), made);
  }));

Deno.test("convert sd gives the same bytes for .bin files, shards and variants", () =>
  withModel(async (folder, model) => {
    await converted("--ckpt", model, "-o", join(folder, "1/model"));
    const part = (path: string) => join(model, path);
    const take = async (path: string) => {
      const tensors = readTensorsOf(part(path));
      await Deno.remove(part(path));
      return tensors;
    };
    const wide = (tensors: Tensors) =>
      new Map(
        [...tensors].filter(([, { dtype }]) => dtype === "F16").map(([name, tensor]) => {
          const { shape, data } = tensor;
          return [name, { shape, data: Float32Array.from(data as Float16Array) }] as const;
        }),
      );
    const text = wide(await take("text_encoder/model.safetensors"));
    await Deno.writeFile(
      part("text_encoder/pytorch_model.bin"),
      checkpointOfParts({ model: text }),
    );
    const shards = [...await take("unet/diffusion_pytorch_model.safetensors")];
    const weight_map: Record<string, string> = {};
    for (const i of [0, 1]) {
      const name = `diffusion_pytorch_model-0000${i + 1}-of-00002.safetensors`;
      const tensors = shards.filter((_, at) => at % 2 === i);
      for (const [tensor] of tensors) weight_map[tensor] = name;
      await Deno.writeFile(part(`unet/${name}`), writeSafetensors(new Map(tensors)));
    }
    await Deno.writeTextFile(
      part("unet/diffusion_pytorch_model.safetensors.index.json"),
      JSON.stringify({ metadata: {}, weight_map }),
    );
    const vae = "vae/diffusion_pytorch_model";
    await Deno.rename(part(`${vae}.safetensors`), part(`${vae}.fp16.safetensors`));
    const lines = await converted("--ckpt", model, "-o", join(folder, "2/model"));
    const file = join(model, `${vae}.fp16.safetensors`);
    assert.equal(lines[1], `note: ${file} is used because fp16 is the only variant`);
    const [one, other] = [join(folder, "1/model"), join(folder, "2/model")];
    assert.deepEqual(await contents(other), await contents(one));
  }));

Deno.test("convert sd uses the tokenizer beside the checkpoint, and the flag's prediction type", () =>
  withTempFolder(async (folder) => {
    const file = join(folder, "sd2.safetensors");
    await Deno.copyFile(SINGLE, file);
    await copyFolder(TOKENIZER, join(folder, "tokenizer"));
    const out = join(folder, "model");
    const flags = ["--config_path", CONFIG, "--prediction_type=epsilon"];
    await converted("--ckpt", file, ...flags, "-o", out);
    const scheduler = JSON.parse(
      await Deno.readTextFile(join(out, "scheduler/scheduler_config.json")),
    );
    const own = readConfig("sd2/scheduler/scheduler_config.json");
    assert.deepEqual(scheduler, { ...own, prediction_type: "epsilon" });
    const { error } = await convert("--ckpt", file, "--prediction_type=flow_prediction", "-o", out);
    assert.match(error!.message, /^--prediction_type is flow_prediction but takes epsilon or v_/);
  }));

Deno.test("convert sd refuses bad input with one line and writes nothing", () =>
  withModel(async (folder, model) => {
    const out = join(folder, "out");
    const changed = async (name: string, change: (path: string) => Promise<void>) => {
      const copy = join(folder, name);
      await copyFolder(model, copy);
      await change(copy);
      return copy;
    };
    const config = (file: string, change: Record<string, unknown>) => async (path: string) => {
      const name = join(path, file);
      const json = JSON.parse(await Deno.readTextFile(name));
      await Deno.writeTextFile(name, JSON.stringify({ ...json, ...change }));
    };
    const remove = (name: string) => (path: string) =>
      Deno.remove(join(path, name), { recursive: true });
    const lora = join(folder, "lora.safetensors");
    const data = new Float32Array(4);
    await Deno.writeFile(
      lora,
      writeSafetensors(new Map([["lora_te_x.alpha", { dtype: "F32", shape: [4], data }]])),
    );
    const pointer = join(folder, "pointer.safetensors");
    await Deno.writeTextFile(pointer, POINTER);
    const half = join(folder, "half.safetensors");
    await Deno.writeFile(half, (await Deno.readFile(SINGLE)).subarray(0, 500_000));
    const single = [SINGLE, "--tokenizer_path", TOKENIZER];
    const cases: [args: string[], code: number, message: RegExp][] = [
      [[lora], 3, /lora\.safetensors is a LoRA, wanted a checkpoint of Stable Diffusion/],
      [[pointer], 3, /Git LFS pointer/],
      [[half, "--config_path", CONFIG], 3, /half\.safetensors/],
      [[join(folder, "none")], 2, /--checkpoint_path .*none cannot be read/],
      [single, 2, /widths 16, 32 .* wanted --config_path DIR$/],
      [[SINGLE, "--config_path", CONFIG], 2, /holds no tokenizer: wanted --tokenizer_path DIR$/],
      [
        [...single, "--config_path", folder],
        2,
        /--config_path .*unet\/config\.json cannot be read/,
      ],
      [[...single, "--config_path", join(SD_FIXTURES, "sd1")], 3, / of another shape: /],
      [
        [...single, "--config_path", CONFIG, "--num_heads=2"],
        2,
        /--num_heads has no effect on conv/,
      ],
      [[model, "--config_path", CONFIG], 2, /--config_path has no effect, since .* is a folder$/],
      [[model, "--fp16", "--weights=fp16"], 2, /--fp16 and --weights/],
      [[model, "--vae_path", join(folder, "none")], 2, /--vae_path .*none cannot be read/],
      [[join(model, "unet")], 3, /lacks .*, it is the folder of a "UNet2DConditionModel"$/],
      [[await changed("a", remove("tokenizer"))], 3, /\/a lacks tokenizer$/],
      [[await changed("b", remove("tokenizer/vocab.json"))], 3, /vocab\.json/],
      [[await changed("c", remove("unet/config.json"))], 2, /config\.json cannot be read/],
      [
        [await changed("d", config("model_index.json", { _class_name: "FluxPipeline" }))],
        3,
        /_class_name is "FluxPipeline", wanted StableDiffusionPipeline or/,
      ],
      [
        [await changed("e", config("unet/config.json", { in_channels: 9 }))],
        3,
        /is an inpainting model, whose UNet takes 9 channels, wanted one that takes 4$/,
      ],
      [
        [await changed("f", config("text_encoder/config.json", { hidden_size: 64 }))],
        3,
        /takes a context 32 wide, .* makes one of 64$/,
      ],
      [
        [await changed("g", config("text_encoder/config.json", { vocab_size: 1000 }))],
        3,
        /has tokens up to 1313, the text encoder up to 999$/,
      ],
      [
        [await changed("h", config("unet/config.json", { layers_per_block: 2 }))],
        3,
        /missing: "down_blocks\.0\.resnets\.1/,
      ],
    ];
    for (const [args, code, message] of cases) {
      const { error, lines } = await convert("--ckpt", ...args, "-o", out);
      assert.equal(error?.exitCode, code, `${args}: ${error?.stack}`);
      assert.match(error!.message, message);
      assert.ok(!error!.message.includes("\n"));
      assert.deepEqual(lines, []);
    }
    assert.equal(await Deno.stat(out).catch(() => undefined), undefined);
  }));

const POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0".repeat(64) +
  "\nsize 9\n";

/** A file of tensors of these names. */
function tensorsNamed(...names: string[]): Tensors {
  const data = new Float32Array(4);
  return new Map(names.map((name) => [name, { dtype: "F32", shape: [4], data }]));
}

Deno.test("convert sd names files that are no checkpoint, incomplete ones and mixed ones", () =>
  withModel(async (folder, model) => {
    const out = join(folder, "out");
    let count = 0;
    const file = async (tensors: Tensors) => {
      const path = join(folder, `${++count}.safetensors`);
      await Deno.writeFile(path, writeSafetensors(tensors));
      return path;
    };
    const changed = async (name: string, change: (bytes: Uint8Array) => Uint8Array | string) => {
      const copy = join(folder, `${++count}`);
      await copyFolder(model, copy);
      const path = join(copy, name);
      const content = change(await Deno.readFile(path));
      if (typeof content === "string") await Deno.writeTextFile(path, content);
      else await Deno.writeFile(path, content);
      return copy;
    };
    const json = (change: Record<string, unknown>) => (bytes: Uint8Array) =>
      JSON.stringify({ ...JSON.parse(new TextDecoder().decode(bytes)), ...change });
    const unet = "unet/diffusion_pytorch_model.safetensors";
    const index = `${unet}.index.json`;
    const sharded = await changed(unet, () => "");
    await Deno.remove(join(sharded, unet));
    const shard = "diffusion_pytorch_model-00001-of-00002.safetensors";
    await Deno.writeTextFile(
      join(sharded, index),
      JSON.stringify({ metadata: {}, weight_map: { "conv_in.weight": shard } }),
    );
    const mixed = new Map(readTensors("sd2.safetensors"));
    const wide = "model.diffusion_model.middle_block.1.transformer_blocks.0.attn2.to_k.weight";
    const { shape: [rows] } = mixed.get(wide)!;
    mixed.set(wide, { dtype: "F32", shape: [rows, 32], data: new Float32Array(32 * rows) });
    const single = ["--config_path", CONFIG, "--tokenizer_path", TOKENIZER];
    const cases: [args: string[], message: RegExp][] = [
      [
        [await file(tensorsNamed("control_model.time_embed.0.weight"))],
        /is a ControlNet, wanted a/,
      ],
      [
        [await changed("unet/config.json", json({ _class_name: "ControlNetModel" }))],
        /unet\/config\.json: _class_name is "ControlNetModel", wanted UNet2DConditionModel$/,
      ],
      [[await file(tensorsNamed("emb_params"))], /is a textual inversion, wanted a checkpoint/],
      [[await file(tensorsNamed("<cat-toy>"))], /is a textual inversion, wanted a checkpoint/],
      [
        [await changed("vae/config.json", json({ latent_channels: 16 }))],
        /takes 4 channels, the latents of .*vae.* 16$/,
      ],
      [[model, "--vae_path", join(model, "unet")], /_class_name is "UNet2DConditionModel", wanted/],
      [[model, "--vae_path", join(model, "scheduler")], /scheduler has none of diffusion_pytorch/],
      [
        [await changed(unet, (bytes) => bytes.slice(0, -9))],
        /diffusion_pytorch_model\.safetensors/,
      ],
      [
        [await changed(unet, () => POINTER)],
        /diffusion_pytorch_model\.safetensors.* Git LFS pointer/,
      ],
      [[sharded], /index\.json: its shard "diffusion_pytorch_model-00001-of-.*" is missing$/],
      [
        [await file(mixed), ...single],
        /: 1 of another shape: .*to_k\.weight" is \[32,32\], wanted/,
      ],
    ];
    for (const [args, message] of cases) {
      const { error, lines } = await convert("--ckpt", ...args, "-o", out);
      assert.match(String(error?.message), message);
      assert.ok([2, 3].includes(error!.exitCode), `${error!.exitCode} ${error!.message}`);
      assert.ok(!error!.message.includes("\n"));
      assert.deepEqual(lines, []);
    }
    assert.equal(await Deno.stat(out).catch(() => undefined), undefined);
  }));

Deno.test("convert sd --lora merges and reports LoRAs, and writes nothing if one does not fit", () =>
  withModel(async (folder, model) => {
    const loras = ["kohya", "loha"].map((name) => join(SD_FIXTURES, `lora/${name}.safetensors`));
    const out = join(folder, "out");
    const list = `${loras[0]}:0.8,${loras[1]}`;
    const lines = await converted("--ckpt", model, "-o", out, "--lora", list);
    assert.deepEqual(lines.slice(1, 3), [
      `note: ${loras[0]} is merged with scale 0.8, 97 layers`,
      `note: ${loras[1]} is merged with scale 1, 74 layers`,
    ]);
    const plain = join(folder, "plain");
    await converted("--ckpt", model, "-o", plain);
    const [merged, base] = [await contents(out), await contents(plain)];
    const changed = [...base.keys()].filter((name) =>
      String(merged.get(name)) !== String(base.get(name))
    );
    assert.deepEqual(changed.sort(), [
      "model_index.json",
      "text_encoder/model.safetensors",
      "unet/model.safetensors",
    ]);
    const none = join(folder, "none");
    const other = ["--config_path", CONFIG, "--tokenizer_path", TOKENIZER, "--lora", loras[0]];
    const { error, lines: printed } = await convert("--ckpt", SINGLE, "-o", none, ...other);
    assert.deepEqual(printed, []);
    assert.match(error!.message, /kohya\.safetensors: ".*" changes .* numbers, the weight is \[/);
    assert.equal(await Deno.stat(none).catch(() => undefined), undefined);
  }));

Deno.test("convert sd leaves no files if weights are cut short", () =>
  withModel(async (folder, model) => {
    const out = join(folder, "out");
    const weights = join(model, "vae/diffusion_pytorch_model.safetensors");
    const tensors = readTensorsOf(weights);
    const { shape } = tensors.get("decoder.conv_in.weight")!;
    const size = shape.reduce((a, b) => a * b, 1);
    tensors.set("decoder.conv_in.weight", { dtype: "I8", shape, data: new Int8Array(size) });
    await Deno.writeFile(weights, writeSafetensors(tensors));
    const { error } = await convert("--ckpt", model, "-o", out);
    assert.match(error!.message, /"decoder\.conv_in\.weight" is I8, wanted one of/);
    assert.equal(await Deno.stat(out).catch(() => undefined), undefined);
  }));
