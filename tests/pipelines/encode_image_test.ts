import assert from "node:assert/strict";
import { join } from "node:path";
import { ModelError } from "../../src/errors.ts";
import type { Image } from "../../src/images/image.ts";
import { StableDiffusionPipeline } from "../../src/pipelines/stable_diffusion_pipeline.ts";
import { Environment } from "../../src/runtime/environment.ts";
import { copyFolder, withTempFolder } from "../support/temp_folder.ts";

/**
 * One very small Stable Diffusion in the layout of every exporter, made by
 * tests/fixtures/make_layouts.py.
 */
const LAYOUTS = "tests/fixtures/layouts";
const PLAIN = join(LAYOUTS, "plain");

/** The size of image that the fixtures' VAE makes of an 8x8 latent. */
const IMAGE: Image = {
  width: 16,
  height: 16,
  data: Uint8Array.from({ length: 768 }, (_, i) => (i * i + 7 * i) % 256),
};

/**
 * Without a config of the VAE the latent is an eighth of the image's side, with one it is half of
 * it.
 */
async function withPipeline<T>(
  folder: string,
  test: (pipeline: StableDiffusionPipeline) => Promise<T>,
  options: { vaePath?: string } = {},
): Promise<T> {
  const config = await Deno.stat(join(folder, "vae_decoder/config.json")).catch(() => undefined);
  const side = config ? 16 : 64;
  using env = Environment.open();
  await using pipeline = await StableDiffusionPipeline.open(env, folder, {
    ...options,
    height: side,
    width: side,
  });
  return await test(pipeline);
}

const encode = (folder: string, options?: { vaePath?: string }) =>
  withPipeline(folder, (pipeline) => pipeline.encodeImage(IMAGE), options);

const largest = (values: ArrayLike<number>) =>
  Array.from(values, Math.abs).reduce((m, x) => Math.max(m, x), 0);

Deno.test("encodeImage() gives the same latent in every exporter's layout", async () => {
  const plain = await encode(PLAIN);
  assert.equal(plain.length, 4 * 8 * 8);
  assert.ok(largest(plain) > 0.01);
  let layouts = 0;
  for await (const { name } of Deno.readDir(LAYOUTS)) {
    const latent = await encode(join(LAYOUTS, name));
    const apart = largest(latent.map((x, i) => x - plain[i]));
    assert.ok(apart <= 1e-6, `${name}: latents differ by ${apart}`);
    layouts++;
  }
  assert.equal(layouts, 9);
});

Deno.test("encodeImage() is the network's mean times the scaling factor", async () => {
  await withTempFolder(async (folder) => {
    const model = join(folder, "sd");
    await copyFolder(join(LAYOUTS, "optimum_scalar"), model);
    const config = { block_out_channels: [8, 8], scaling_factor: 2 * 0.18215 };
    await Deno.writeTextFile(join(model, "vae_decoder/config.json"), JSON.stringify(config));
    const [single, double] = [await encode(PLAIN), await encode(model)];
    assert.ok(largest(double.map((x, i) => x - 2 * single[i])) <= 2e-6);
  });
});

Deno.test("encodeImage() opens the encoder once and notes its file", () =>
  withTempFolder(async (folder) => {
    const model = join(folder, "sd");
    await copyFolder(PLAIN, model);
    await withPipeline(model, async (pipeline) => {
      assert.equal(pipeline.networkFiles.has("vae_encoder"), false);
      const latent = await pipeline.encodeImage(IMAGE);
      assert.match(
        pipeline.networkFiles.get("vae_encoder/model.onnx")!,
        /sd\/vae_encoder\/model\.onnx$/,
      );
      await Deno.remove(join(model, "vae_encoder"), { recursive: true });
      assert.deepEqual(await pipeline.encodeImage(IMAGE), latent);
    });
  }));

Deno.test("encodeImage() is refused once the pipeline is closed", async () => {
  using env = Environment.open();
  const pipeline = await StableDiffusionPipeline.open(env, PLAIN, { height: 64, width: 64 });
  await pipeline.encodeImage(IMAGE);
  await pipeline[Symbol.asyncDispose]();
  await assert.rejects(pipeline.encodeImage(IMAGE), TypeError);
});

Deno.test("encodeImage() names what is missing; the rest of the pipeline needs no encoder", () =>
  withTempFolder(async (folder) => {
    const model = join(folder, "sd");
    await copyFolder(PLAIN, model);
    await Deno.remove(join(model, "vae_encoder"), { recursive: true });
    await withPipeline(model, async (pipeline) => {
      await assert.rejects(pipeline.encodeImage(IMAGE), (error: Error) => {
        assert(error instanceof ModelError, String(error));
        assert.match(error.message, /sd lacks vae_encoder\/model\.onnx$/);
        return true;
      });
      assert.equal((await pipeline.decode(new Float64Array(256))).width, 16);
    });
    assert.equal((await encode(model, { vaePath: PLAIN })).length, 256);
  }));
