/**
 * The converter at full size, on random weights: DiT-XL/2 and the VAE of Stable Diffusion v1.5
 * against PyTorch and diffusers, memory and time against a copy of the checkpoint, and our networks
 * against those of PyTorch's own exporter. Needs Python with torch, diffusers, onnx and
 * safetensors, 12 GB of memory and 15 GB of disk; skipped without Python. `PARATAA_DIT=S` takes a
 * smaller DiT.
 *
 * Times are printed, never asserted.
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { readSafetensors, writeSafetensors } from "../../src/formats/safetensors/safetensors.ts";
import { readFixture, relativeError, type Tensors } from "../convert/network_fixture.ts";
import { measure, type Measured } from "../support/measured_process.ts";
import { runFile, timesLine } from "../support/network_times.ts";
import { python, pythonHas } from "../support/python.ts";
import { withTempFolder } from "../support/temp_folder.ts";

const SIZE = Deno.env.get("PARATAA_DIT") ?? "XL";
/** Size at which our DiT and the exporter's are timed. */
const TIMED = "S";
const ROUNDS = 15;
const ignore = !await pythonHas("torch", "diffusers", "onnx", "safetensors");

function reference(...args: string[]): Promise<string> {
  return python([join(import.meta.dirname!, "convert_reference.py"), ...args]);
}

/** Converts as a user would, with no permission but to read and write this folder. */
function convert(folder: string, ...args: string[]): Promise<Measured> {
  const permissions = ["--no-prompt", `--allow-read=${folder}`, `--allow-write=${folder}`];
  return measure(Deno.execPath(), ["run", ...permissions, "scripts/convert.ts", "dit", ...args]);
}

function readCase(folder: string): Tensors {
  return readSafetensors(Deno.readFileSync(join(folder, "case.safetensors"))).tensors;
}

Deno.test(
  { name: `convert dit gives DiT-${SIZE}/2 as PyTorch does, in little memory`, ignore },
  () =>
    withTempFolder(async (folder) => {
      const { parameters, zeros, moved } = JSON.parse(await reference("dit", SIZE, folder));
      console.log(`${parameters} parameters, ${zeros} tensors of zeros, moved`, moved);
      assert.equal(zeros, 0);
      for (const change of Object.values(moved)) assert.ok(Number(change) > 0.05);
      const checkpoint = join(folder, "checkpoint.pt");
      const copied = join(folder, "copy");
      const copy = await measure("cp", [checkpoint, copied]);
      Deno.removeSync(copied);
      const synced = await measure("sh", ["-c", `cp "$0" "$1" && sync "$1"`, checkpoint, copied]);
      Deno.removeSync(copied);
      const out = join(folder, "model");
      const inputs = readCase(folder);
      const expected = inputs.get("out_sample")!.data as Float32Array;
      for (
        const [flag, stem, bound] of [["", "model", 1e-4], ["--fp16", "model_fp16", 2e-2]] as const
      ) {
        const flags = [
          "--checkpoint_path",
          checkpoint,
          "--output_path",
          out,
          ...flag ? [flag] : [],
        ];
        const { seconds, peak } = await convert(folder, ...flags);
        const error = relativeError(
          await runFile(join(out, `transformer/${stem}.onnx`), inputs),
          expected,
        );
        console.log(
          `${stem}: max|a-b|/max|b| ${error.toExponential(1)}; ${seconds.toFixed(1)} s, ` +
            `${(seconds / copy.seconds).toFixed(2)} of a copy (${copy.seconds.toFixed(1)} s), ` +
            `${(seconds / synced.seconds).toFixed(2)} of a copy on disk; peak ${
              peak.toFixed(0)
            } MiB`,
        );
        assert.ok(peak > 0 && peak <= 600, `${peak} MiB`);
        assert.ok(error <= bound, `${error}`);
      }
    }),
);

Deno.test(
  { name: "convert dit --vae_path gives Stable Diffusion's VAE as diffusers does", ignore },
  () =>
    withTempFolder(async (folder) => {
      const vae = join(folder, "vae");
      console.log(await reference("vae", vae, "--export"));
      const checkpoint = join(folder, "dit.safetensors");
      Deno.writeFileSync(checkpoint, writeSafetensors(readFixture("dit_patch2").tensors));
      const out = join(folder, "model");
      const flags = ["--checkpoint_path", checkpoint, "--num_heads", "2", "--vae_path", vae];
      const { seconds, peak } = await convert(folder, ...flags, "--output_path", out);
      console.log(`vae: ${seconds.toFixed(1)} s, peak ${peak.toFixed(0)} MiB`);
      const inputs = readCase(vae);
      for (
        const [part, output] of [["vae_decoder", "decoded"], ["vae_encoder", "latent_parameters"]]
      ) {
        const expected = inputs.get(output)!.data as Float32Array;
        const file = join(out, part, "model.onnx");
        const error = relativeError(await runFile(file, inputs), expected);
        console.log(`${part}: max|a-b|/max|b| ${error.toExponential(1)}`);
        assert.ok(error <= 1e-4, `${error}`);
        const theirs = part === "vae_decoder" ? "sample" : "latent_parameters";
        const rival = join(vae, `exported_${theirs}.onnx`);
        console.log(await timesLine(part, { ours: file, theirs: rival, inputs, rounds: 3 }));
      }
    }),
);

Deno.test(
  { name: `our DiT-${TIMED}/2 beside PyTorch's own export`, ignore },
  () =>
    withTempFolder(async (folder) => {
      await reference("dit", TIMED, folder, "--export");
      const out = join(folder, "model");
      const checkpoint = join(folder, "checkpoint.pt");
      await convert(folder, "--checkpoint_path", checkpoint, "--output_path", out);
      const ours = join(out, "transformer/model.onnx");
      const theirs = join(folder, "exported.onnx");
      const inputs = readCase(folder);
      console.log(await timesLine(`DiT-${TIMED}/2`, { ours, theirs, inputs, rounds: ROUNDS }));
    }),
);
