/**
 * `convert sd` at full size, on a single file of random weights: memory, time against a copy of the
 * file, every network against diffusers, a sample of 256×256 (SDXL: 128×128), and the UNet's time
 * against that of torch.onnx.export. Needs Linux and Python with torch, diffusers, transformers,
 * onnx and safetensors; skipped without them. SD 1.5 in fp32 needs 15 GB of disk and 12 GB of
 * memory, SDXL without the export 28 GB and 14 GB.
 *
 * - `PARATAA_KIND`: sd15 (default), sd21 or sdxl
 * - `PARATAA_WEIGHTS`: folder for the files instead of a temporary one; files in it are used again
 * - `PARATAA_EXPORT=0`: without torch.onnx.export, which takes the most memory
 *
 * Times are printed, never asserted.
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import {
  readSafetensors,
  type SafetensorsTensor,
} from "../../src/formats/safetensors/safetensors.ts";
import { relativeError, type Tensors } from "../convert/network_fixture.ts";
import { measure, type Measured } from "../support/measured_process.ts";
import { runFile, timesLine } from "../support/network_times.ts";
import { python, pythonHas } from "../support/python.ts";
import { withTempFolder } from "../support/temp_folder.ts";

const KIND = Deno.env.get("PARATAA_KIND") ?? "sd15";
const KEPT = Deno.env.get("PARATAA_WEIGHTS");
const EXPORT = Deno.env.get("PARATAA_EXPORT") !== "0";
const TOKENIZER = "tests/fixtures/tokenizer";
/** SDXL's 3.5 billion weights are halved, so that its file has 7 GB. */
const DTYPE = KIND === "sdxl" ? "fp16" : "fp32";
/** Sides of the sample in pixels; a smaller one of SDXL, whose UNet is three times as large. */
const SIDE = KIND === "sdxl" ? 128 : 256;
const MOST_MEMORY = 600;
const ERROR = 1e-4;
const ROUNDS = 5;
const ignore = Deno.build.os !== "linux" ||
  !await pythonHas("torch", "diffusers", "transformers", "onnx", "safetensors");

function script(name: string, ...args: string[]): Promise<string> {
  return python([join(import.meta.dirname!, name), ...args]);
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

/** The checkpoint, and what diffusers computes with it. */
async function prepare(folder: string): Promise<{ file: string; example: Tensors }> {
  const file = join(folder, `${KIND}.safetensors`);
  if (!await exists(file)) {
    console.log(await script("random_checkpoint.py", file, "--kind", KIND, "--dtype", DTYPE));
  }
  const example = join(folder, "case.safetensors");
  if (!await exists(example)) {
    const flags = ["--kind", KIND, ...EXPORT ? ["--export"] : []];
    await script("weights_reference.py", file, folder, ...flags);
  }
  return { file, example: readSafetensors(Deno.readFileSync(example)).tensors };
}

/** Converts as a user would, with the permissions that the command needs. */
function convert(folder: string, file: string, output: string): Promise<Measured> {
  const permissions = ["--no-prompt", `--allow-read=${folder},tests`, `--allow-write=${folder}`];
  const prediction = KIND === "sd21" ? ["--prediction_type", "epsilon"] : [];
  const flags = ["--checkpoint_path", file, "--tokenizer_path", TOKENIZER, "-o", output];
  return measure(Deno.execPath(), [
    ...["run", ...permissions, "scripts/convert.ts", "sd"],
    ...[...flags, ...prediction],
  ]);
}

/** Copies before and after the conversion, so that other load meets both. */
async function measured(folder: string, file: string, output: string): Promise<Measured> {
  const copy = async () => {
    const copied = join(folder, "copy");
    const { seconds } = await measure("cp", [file, copied]);
    await Deno.remove(copied);
    return seconds;
  };
  const before = await copy();
  const cost = await convert(folder, file, output);
  const after = await copy();
  console.log(
    `${KIND}: ${cost.seconds.toFixed(1)} s, copies of the file ${before.toFixed(1)} s before and ` +
      `${after.toFixed(1)} s after, ratio ${(cost.seconds * 2 / (before + after)).toFixed(2)}; ` +
      `peak ${cost.peak.toFixed(0)} MiB`,
  );
  return cost;
}

/** Tensors under a prefix, without it. */
function under(example: Tensors, prefix: string): Tensors {
  const own = [...example].filter(([name]) => name.startsWith(prefix));
  return new Map(own.map(([name, tensor]) => [name.slice(prefix.length), tensor]));
}

/** The first of two rows of each input. */
function firstRow(inputs: Tensors): Tensors {
  return new Map([...inputs].map(([name, { dtype, shape, data }]) => {
    const row = data.slice(0, data.length / 2);
    return [name, { dtype, shape: [1, ...shape.slice(1)], data: row } as SafetensorsTensor];
  }));
}

async function compareNetworks(output: string, example: Tensors): Promise<void> {
  const parts = new Set([...example.keys()].map((name) => name.split(".")[0]));
  for (const part of parts) {
    const inputs = under(example, `${part}.in.`);
    const outputs = under(example, `${part}.out.`);
    const [[name, { data }]] = outputs;
    const values = await runFile(join(output, part, "model.onnx"), inputs, name);
    const error = relativeError(values, data as Float32Array);
    console.log(`${part}: max|a-b|/max|b| ${error.toExponential(1)}`);
    assert.ok(error <= ERROR, `${part}: ${error}`);
  }
}

async function sample(folder: string, output: string): Promise<void> {
  const side = String(SIDE);
  const size = ["--height", side, "--width", side, "--timesteps", "4", "--num_samples", "1"];
  const runs = join(folder, "runs");
  const flags = ["-m", output, "-o", runs, "--prompt", "a dog", "--batch_size", "2", "--quiet"];
  const { text, seconds, peak } = await measure(Deno.execPath(), [
    ...["run", "-A", "scripts/parallel_sd.ts", ...size, ...flags],
  ]);
  const png = await Deno.readFile(join(text.trim(), "sample_0", "step_0.png"));
  const width = new DataView(png.buffer).getUint32(16);
  console.log(`sample of 4 steps: ${seconds.toFixed(0)} s, peak ${peak.toFixed(0)} MiB`);
  assert.equal(width, SIDE);
}

function withFolder(test: (folder: string) => Promise<void>): Promise<void> {
  return KEPT === undefined ? withTempFolder(test) : test(KEPT);
}

Deno.test(
  { name: `convert sd of a full-size ${KIND} file`, ignore },
  () =>
    withFolder(async (folder) => {
      const { file, example } = await prepare(folder);
      const output = join(folder, "model");
      if (await exists(output)) await Deno.remove(output, { recursive: true });
      const { peak } = await measured(folder, file, output);
      await compareNetworks(output, example);
      await sample(folder, output);
      const theirs = join(folder, "exported", "unet.onnx");
      if (await exists(theirs)) {
        const inputs = firstRow(under(example, "unet.in."));
        const ours = join(output, "unet", "model.onnx");
        console.log(await timesLine("UNet", { ours, theirs, inputs, rounds: ROUNDS }));
      }
      assert.ok(peak > 0 && peak <= MOST_MEMORY, `${peak} MiB`);
    }),
);
