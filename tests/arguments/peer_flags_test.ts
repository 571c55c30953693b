import assert from "node:assert/strict";
import { ditFlags } from "../../src/arguments/flags/dit_flags.ts";
import type { FlagTable } from "../../src/arguments/flag.ts";
import { parseFlags } from "../../src/arguments/parse_flags.ts";
import { sdFlags, sdWinitFlags } from "../../src/arguments/flags/sd_flags.ts";
import { verifyFlags } from "../../src/cli/commands/verify_script.ts";

/** What `parseFlags()` says of one flag that a table has not. */
function hint(table: FlagTable, flag: string): string {
  try {
    parseFlags(table, [flag, "1"]);
  } catch (error) {
    return (error as { hint: string }).hint;
  }
  return assert.fail(`${flag} is known`);
}

Deno.test("parseFlags() suggests parataa's flags for those of other programs", () => {
  const sd: Record<string, string> = {
    "--output": "here that is --output_path",
    "--outdir": "here that is --output_path",
    "--num_images": "here that is --num_samples",
    "--n_iter": "here that is --num_samples",
    "--n-samples": "here that is --num_samples",
    "--ddim_steps": "here that is --timesteps",
    "--sampling-steps": "here that is --timesteps",
    "--cfg": "here that is --cfg_scale",
    "--scale": "here that is --cfg_scale",
    "--ddim_eta": "here that is --eta",
    "--ckpt": "here that is --model_path, a folder of ONNX networks",
    "--diffusion-model": "here that is --model_path, a folder of ONNX networks",
    "--resolution": "here that is --height or --width",
    "--dtype": "here that is --fp16",
    "--from-file": "here that is --prompts_file",
    "--init_image": "sd-winit starts from an image, with --init_image",
    "--init-img": "sd-winit starts from an image, with --init_image",
    "-i": "sd-winit starts from an image, with --init_image",
    "--strength": "sd-winit has --variation_steps: strength 0.6 of 50 steps is 30",
    "--lora-model-dir": "parataa has nothing of the kind",
  };
  for (const [flag, said] of Object.entries(sd)) assert.equal(hint(sdFlags(), flag), said, flag);
  for (const flag of ["--sampler_name", "--sampling-method", "--plms"]) {
    assert.equal(hint(sdFlags(), flag), "here that is --scheduler");
  }
  assert.match(hint(sdFlags(), "--beta_schedule"), /scheduler_config.json says the noise levels/);
  assert.equal(hint(ditFlags(), "--prompt"), "dit takes --class_labels, sd takes --prompt");
  assert.equal(hint(ditFlags(), "--width"), "the model decides the size of its images");
  assert.equal(hint(ditFlags(), "--class-label"), "here that is --class_labels");
  assert.equal(hint(sdFlags(), "--class_labels"), "dit takes --class_labels, sd takes --prompt");
  assert.equal(hint(sdWinitFlags(), "--init-img"), "here that is --init_image");
  assert.equal(
    hint(sdWinitFlags(), "--denoising-strength"),
    "here that is --variation_steps, strength 0.6 of 50 steps is 30",
  );
});

Deno.test("parseFlags() accepts flags that other programs share", () => {
  const args = ["--steps=2", "--cfg-scale=3", "--width=64", "--negative-prompt=x", "--seed=1"];
  const { values } = parseFlags(sdFlags(), args);
  assert.deepEqual(
    [values.timesteps, values.cfg_scale, values.width, values.negative_prompt, values.seed],
    [2, 3, 64, "x", 1],
  );
});

Deno.test("parseFlags() suggests no sampling flags in other commands", () => {
  assert.equal(hint(verifyFlags(), "--scheduler"), "--help lists all flags");
  assert.equal(
    hint(verifyFlags(), "--ckpt"),
    "here that is --model_path, a folder of ONNX networks",
  );
});
