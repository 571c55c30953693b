import assert from "node:assert/strict";
import { join } from "node:path";
import { UsageError } from "../../../src/errors.ts";
import { readPngText } from "../../../src/images/png_text.ts";
import { outputsOf, readManifest, readSample, runQuietly } from "../../support/sampling.ts";
import { withTempFolder } from "../../support/temp_folder.ts";

/** A Stable Diffusion of a few kilobytes; what it draws means nothing. */
const MODEL = "tests/fixtures/layouts/plain";

function sample(folder: string, args: string[] = []): Promise<string> {
  return runQuietly("sd", ["-m", MODEL, "-o", folder, "--timesteps=6", ...args]);
}

Deno.test("parallel_sd writes the same layout as parallel_dit and records the prompt", () =>
  withTempFolder(async (folder) => {
    const run = await sample(folder, [
      "-p",
      "a cute dog",
      "-n",
      "a cat",
      "--num_samples=2",
      "--seed=4",
    ]);
    assert.match(run, /SD-\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d$/);
    const manifest = await readManifest(run);
    assert.equal(manifest.status, "complete");
    assert.equal(manifest.samples.length, 2);
    assert.deepEqual(manifest.samples[1].condition, {
      prompt: "a cute dog",
      negative_prompt: "a cat",
    });
    assert.ok(
      "unet/model.onnx" in manifest.model.files &&
        "text_encoder/model.onnx" in manifest.model.files,
    );
    const { metadata, trajectory, noise } = await readSample(run, 1);
    assert.equal(metadata.get("prompt"), "a cute dog");
    assert.deepEqual(trajectory.slice(-256), noise.slice(-256));
    const text = readPngText(await Deno.readFile(join(run, "sample_0/step_1.png")));
    assert.match(
      text.get("parameters")!,
      /^a cute dog\nNegative prompt: a cat\nSteps: 6, Sampler: DDIM tqn/,
    );
  }));

Deno.test("parallel_sd draws the official script's noise: one randn(1, num_samples, T+1, 4, h, w)", () =>
  withTempFolder(async (folder) => {
    const { TorchGenerator } = await import("../../../src/sampling/noise.ts");
    const run = await sample(folder, ["--num_samples=2", "--seed=11"]);
    const whole = new TorchGenerator(11).randn(2 * 7 * 256);
    assert.deepEqual((await readSample(run, 1)).noise, whole.slice(7 * 256));
  }));

Deno.test("parallel_sd samples every prompt of a file", () =>
  withTempFolder(async (folder) => {
    const file = join(folder, "prompts.txt");
    // Windows ends a line with CR LF, an old Mac with CR alone.
    await Deno.writeTextFile(file, "a cute cat\r\n\n\r  a cute dog  \r");
    const prompts = async (args: string[]) => {
      const run = await sample(folder, ["--prompts_file", file, ...args]);
      return (await readManifest(run)).samples.map((record) => record.condition.prompt);
    };
    assert.deepEqual(await prompts([]), ["a cute cat", "a cute dog"]);
    assert.deepEqual(
      await prompts(["--num_samples=2"]),
      ["a cute cat", "a cute cat", "a cute dog", "a cute dog"],
    );
  }));

Deno.test("parallel_sd names the fault of a prompts file", () =>
  withTempFolder(async (folder) => {
    const cases: [string, Uint8Array | undefined, RegExp][] = [
      ["latin1.txt", Uint8Array.of(0x63, 0x61, 0x66, 0xe9), /latin1\.txt is not UTF-8 text/],
      ["empty.txt", new TextEncoder().encode("\n \n"), /empty\.txt contains no prompt/],
      ["nosuch.txt", undefined, /--prompts_file .*nosuch\.txt cannot be read/],
    ];
    for (const [name, content, message] of cases) {
      const path = join(folder, name);
      if (content) await Deno.writeFile(path, content);
      await assert.rejects(sample(folder, ["--prompts_file", path]), (error: Error) => {
        assert.ok(error instanceof UsageError, String(error));
        assert.match(error.message, message);
        return true;
      });
    }
  }));

Deno.test("parallel_sd gives the same bytes for all batch sizes, and from a manifest", () =>
  withTempFolder(async (folder) => {
    const args = ["-p", "a cute dog", "--num_samples=1", "--window_size=4", "--eta=1"];
    const run = await sample(folder, args);
    const wanted = await outputsOf(run);
    for (const execution of [["--batch_size=1"], ["--batch_size=3", "--threads=1"]]) {
      assert.deepEqual(await outputsOf(await sample(folder, [...args, ...execution])), wanted);
    }
    const again = await runQuietly("sd", [
      "--args_from",
      join(run, "sample_0/step_2.png"),
      "-m",
      MODEL,
      "-o",
      folder,
    ]);
    assert.deepEqual(await outputsOf(again), wanted);
  }));

Deno.test("parallel_sd refuses an image size that the model does not support", () =>
  withTempFolder(async (folder) => {
    await assert.rejects(
      sample(folder, ["-H", "72"]),
      /--height is 72, this model makes images of 64x64/,
    );
    await assert.rejects(
      sample(folder, ["-W", "60"]),
      /--width is "60" but takes a whole number, 8-8192, a multiple of 8/,
    );
    await assert.rejects(sample(folder, ["--timesteps=1000"]), UsageError);
  }));
