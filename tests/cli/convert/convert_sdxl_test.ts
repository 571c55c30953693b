import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { openSingleFile } from "../../../src/convert/single_file/single_file.ts";
import { writeSafetensors } from "../../../src/formats/safetensors/safetensors.ts";
import type { TensorFile } from "../../../src/formats/tensor_file.ts";
import { decodePng } from "../../../src/images/png_pixels.ts";
import { asFile, type Tensors } from "../../convert/network_fixture.ts";
import { readTensors, SD_FIXTURES } from "../../convert/sd_fixture.ts";
import { readManifest, runQuietly } from "../../support/sampling.ts";
import { copyFolder, withTempFolder } from "../../support/temp_folder.ts";
import { contents, converted, TOKENIZER } from "./convert_sd.ts";

const SINGLE = join(SD_FIXTURES, "sdxl.safetensors");
/** Images that diffusers samples from the same weights: make_sdxl_images.py beside them. */
const IMAGES = readTensors("sdxl_images.safetensors");

/** The configurations and tokenizers of a diffusers folder. */
async function writeConfigs(folder: string): Promise<void> {
  for (const part of ["tokenizer", "tokenizer_2"]) await copyFolder(TOKENIZER, join(folder, part));
  await copyFolder(join(SD_FIXTURES, "sdxl"), folder);
}

/** The single file's networks as weights of a diffusers folder. */
async function writeWeights(folder: string): Promise<void> {
  const { unet, texts, vae } = openSingleFile(
    await asFile(readTensors("sdxl.safetensors")),
    { file: SINGLE },
  );
  const write = async (name: string, file: TensorFile) => {
    const tensors: Tensors = new Map();
    for (const tensor of file.entries.keys()) tensors.set(tensor, await file.read(tensor));
    await Deno.writeFile(join(folder, name), writeSafetensors(tensors));
  };
  await write("unet/diffusion_pytorch_model.safetensors", unet);
  await write("text_encoder/model.safetensors", texts[0]);
  await write("text_encoder_2/model.safetensors", texts[1]);
  await write("vae/diffusion_pytorch_model.safetensors", vae!);
}

/** Largest difference in levels between the last image of a run and diffusers'. */
async function levelsApart(run: string, name: string): Promise<number> {
  const { samples: [{ rounds }] } = await readManifest(run);
  const png = await Deno.readFile(join(run, "sample_0", `step_${rounds}.png`));
  const { data, width, height } = decodePng(png);
  const { data: wanted, shape } = IMAGES.get(name)!;
  assert.deepEqual([height, width, 3], shape);
  const rgb = data.filter((_, i) => i % 4 < 3);
  return rgb.reduce((most, level, i) => Math.max(most, Math.abs(level - Number(wanted[i]))), 0);
}

Deno.test("sd samples a converted SDXL folder as diffusers does, sequentially and in parallel", () =>
  withTempFolder(async (folder) => {
    const [config, model] = [join(folder, "config"), join(folder, "model")];
    await writeConfigs(config);
    const lines = await converted("--ckpt", SINGLE, "--config_path", config, "-o", model);
    assert.equal(lines.at(-1), `next: deno task sd --model_path ${model} --prompt "a cute dog"`);
    const fixed = ["-m", model, "-o", join(folder, "out"), "-H16", "-W16", "--timesteps=6"];
    const cat = ["--prompt=a cute cat", "--cfg_scale=4", "--seed=5", "--num_samples=1"];
    const negative = "--negative_prompt=a dog";
    const cases: [name: string, args: string[]][] = [
      ["negative", [negative, "--method=sequential"]],
      ["negative", [negative, "--tol1=1e-5"]],
      ["empty", ["--tol1=1e-5"]],
    ];
    for (const [name, args] of cases) {
      const apart = await levelsApart(await runQuietly("sd", [...fixed, ...cat, ...args]), name);
      assert.ok(apart <= 1, `${name} ${args}: ${apart} levels apart`);
    }
  }));

Deno.test("convert sd makes the same SDXL folder of a diffusers folder and of a single file", () =>
  withTempFolder(async (folder) => {
    const source = join(folder, "diffusers");
    await writeConfigs(source);
    await writeWeights(source);
    const [one, other] = [join(folder, "1/model"), join(folder, "2/model")];
    await converted("--ckpt", SINGLE, "--config_path", source, "-o", one);
    await converted("--ckpt", source, "-o", other);
    assert.deepEqual(await contents(other), await contents(one));
  }));

Deno.test("convert sd keeps whether an empty prompt is zeros for SDXL", () =>
  withTempFolder(async (folder) => {
    const index = async (config: string) => {
      const model = join(dirname(config), "model");
      await converted("--ckpt", SINGLE, "--config_path", config, "-o", model);
      return JSON.parse(await Deno.readTextFile(join(model, "model_index.json")));
    };
    for (const zeros of [true, false, undefined]) {
      const config = join(folder, String(zeros), "config");
      await writeConfigs(config);
      const settings = { _class_name: "StableDiffusionXLPipeline" };
      await Deno.writeTextFile(
        join(config, "model_index.json"),
        JSON.stringify({ ...settings, force_zeros_for_empty_prompt: zeros }),
      );
      const written = await index(config);
      assert.equal(written.force_zeros_for_empty_prompt, zeros);
      assert.deepEqual(written.scheduler, ["diffusers", "EulerDiscreteScheduler"]);
    }
  }));
