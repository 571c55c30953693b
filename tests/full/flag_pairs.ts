/**
 * Every pair of flags of the sampling scripts at the edges of their ranges, on models of a few
 * kilobytes: refused, or a run.
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { libraryCandidates } from "../../ffi/library_search.ts";
import type { FlagTable } from "../../src/arguments/flag.ts";
import type { Task } from "../../src/arguments/settings.ts";
import { TASK_NAMES, TASKS } from "../../src/arguments/tasks.ts";
import { runSampling } from "../../src/cli/commands/sampling_command.ts";
import { writeNpy } from "../../src/formats/npy/npy.ts";
import { readSafetensors } from "../../src/formats/safetensors/safetensors.ts";
import { encodePng } from "../../src/images/encode_png.ts";
import { flagPairs, runPairs, type Texts } from "../support/flag_pairs.ts";
import { readManifest } from "../support/sampling.ts";
import { copyFolder, withTempFolder } from "../support/temp_folder.ts";
import { writeTinyDit } from "../support/tiny_dit.ts";
import { writeTinyFlow } from "../support/tiny_flow.ts";

/**
 * 3: noise of another shape; 6: a guidance of 1.8e308 overflows; 7: no CUDA here; 10: a flag beside
 * `--resume` that would change the result.
 */
const ALLOWED = new Set([0, 2, 3, 6, 7, 10]);

/** Bring their own arguments, which would be refused or hidden by others. */
const WHOLE_LINES = /^--(resume|args_from)=/;

const { signal } = new AbortController();

/** What pairs are made of, and how a script is started with one. */
interface Bench {
  texts: Texts;
  start(args: readonly string[]): Promise<unknown>;
}

/** A model with files for fp16 too; here they are the same ones. */
async function writeModel(name: string, folder: string): Promise<string> {
  const model = join(folder, "model");
  if (name === "dit") await Deno.rename(await writeTinyDit(folder), model);
  else if (name === "flow") await Deno.rename(await writeTinyFlow(folder), model);
  else await copyFolder("tests/fixtures/layouts/optimum_steps", model);
  for await (const { name } of Deno.readDir(model)) {
    const network = join(model, name, "model");
    // Some folders contain no network.
    await Deno.copyFile(`${network}.onnx`, `${network}_fp16.onnx`).catch(() => {});
  }
  return model;
}

/** The files that flags name: a run and what it left, and the same run stopped halfway. */
async function prepare(name: Task, folder: string): Promise<Bench> {
  const model = await writeModel(name, folder), out = join(folder, "out");
  const base = [
    ...["--timesteps=4", "--threads=1", `--model_path=${model}`, `--output_path=${out}`],
    ...(name === "sd-winit" ? ["--variation_steps=2"] : ["--num_samples=1"]),
    ...(name.startsWith("sd") ? ["--height=16", "--width=16"] : []), // as the model's encoder takes them
  ];
  const { path } = (await runSampling(name, [...base, "--quiet"], { signal }))!;
  const stopped = join(folder, "stopped"), resumed = join(folder, "resumed");
  await copyFolder(path, stopped);
  const manifest = { ...await readManifest(path), status: "interrupted", samples: [], outputs: {} };
  await Deno.writeTextFile(join(stopped, "manifest.json"), JSON.stringify(manifest));
  const texts = { ...await fileTexts(path, folder), model_path: [model], vae_path: [model] };
  return {
    texts: { ...texts, ...TEXTS, output_path: [out], resume: [resumed] },
    async start(args) {
      const own = new Set(args.map(flagName));
      if (own.has("resume")) await copyFolder(stopped, resumed);
      const whole = args.some((arg) => WHOLE_LINES.test(arg));
      return await runSampling(name, [
        ...(whole ? [] : base.filter((arg) => !own.has(flagName(arg)))),
        ...args,
      ], { signal });
    },
  };
}

/**
 * The largest that is allowed would only take long, and a text that is nothing would hide what
 * stands beside it.
 */
const TEXTS: Texts = {
  ...{ timesteps: ["1", "6"], num_samples: ["1", "3"], variation_steps: ["1", "4", "999"] },
  ...{ height: ["8", "64"], width: ["8", "64"] },
  ...{ class_labels: ["0", "1,0"], prompt: ["a cat"], prompt1: [""], prompt2: ["a cat"] },
  ...{ devices: ["cpu:2", "0"], buckets: ["none", "4,2"], cuda_options: ["use_tf32=0"] },
  ort_lib: [libraryCandidates().find((candidate) => candidate.pinned)!.path],
};

async function fileTexts(run: string, folder: string): Promise<Texts> {
  const trajectory = join(run, "sample_0/trajectory.safetensors");
  const write = async (name: string, bytes: Uint8Array) => {
    await Deno.writeFile(join(folder, name), bytes);
    return [join(folder, name)];
  };
  const { tensors } = readSafetensors(await Deno.readFile(trajectory));
  const { shape, data } = tensors.get("noise")!, noise = data as Float64Array;
  const latent = noise.slice(0, noise.length / shape[0]);
  const image = { width: 16, height: 16, data: new Uint8Array(3 * 16 * 16).fill(99) };
  return {
    init_trajectory: [trajectory],
    args_from: [join(run, "manifest.json")],
    noise_path: await write("noise.npy", writeNpy(shape, noise)),
    init_latents: await write("latent.npy", writeNpy(shape.slice(1), latent)),
    init_image: await write("image.png", encodePng(image)),
    prompts_file: await write("prompts.txt", new TextEncoder().encode("a cat\na dog\n")),
  };
}

function flagName(arg: string): string {
  return arg.slice(2).split("=")[0];
}

/** Pairs of `dit`'s flags run the same code in the other scripts. */
const TRIED: Record<string, FlagTable> = {
  flow: TASKS.dit.flags,
  sd: TASKS.dit.flags,
  "sd-winit": { ...TASKS.dit.flags, ...TASKS.sd.flags },
};

for (const name of TASK_NAMES) {
  Deno.test(`${name} takes or refuses every pair of flags, and never ends as a bug`, () =>
    withTempFolder(async (folder) => {
      const { texts, start } = await prepare(name, folder);
      const pairs = [...flagPairs(TASKS[name].flags, texts, TRIED[name])];
      const { counts, surprises } = await runPairs(pairs, start, ALLOWED);
      console.log(`C2: ${name}: ${pairs.length} pairs, by exit code ${JSON.stringify(counts)}`);
      assert.deepEqual(surprises, []);
    }));
}
