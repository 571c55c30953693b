import assert from "node:assert/strict";
import { join } from "node:path";
import { ModelError, NumericalError } from "../../src/errors.ts";
import { VaeEncoder } from "../../src/models/vae_encoder.ts";
import type { Image } from "../../src/images/image.ts";
import { VaeDecoder } from "../../src/models/vae.ts";
import type { LatentShape } from "../../src/models/networks/network_contract.ts";
import { Environment } from "../../src/runtime/environment.ts";
import { type NodeSpec, onnxModel, type ValueSpec } from "../support/onnx_builder.ts";
import { withTempFolder } from "../support/temp_folder.ts";

/** A 2x2 image, and its levels as −1 … 1, plane by plane. */
const IMAGE: Image = {
  width: 2,
  height: 2,
  data: Uint8Array.of(0, 51, 102, 153, 204, 255, 0, 51, 102, 153, 204, 255),
};
const PLANES = [-1, 0.2, -1, 0.2, -0.6, 0.6, -0.6, 0.6, -0.2, 1, -0.2, 1];

interface EncoderSpec {
  /** Shape of the input. */
  from?: readonly (number | string)[];
  /** Shape of the output as declared. */
  to?: readonly (number | string)[];
  output?: string;
  type?: ValueSpec["type"];
  nodes?: readonly NodeSpec[];
}

const concat = (inputs: string[], output: string): NodeSpec => ({
  op: "Concat",
  inputs,
  outputs: [output],
  attributes: { axis: { int: 1 } },
});

/**
 * An encoder whose latent is the image itself: 3 channels, or, with `MOMENTS`, those and their
 * negatives as log-variances.
 */
function encoderModel(spec: EncoderSpec): Uint8Array<ArrayBuffer> {
  const { output = "latent_sample", type = "float32" } = spec;
  const from = spec.from ?? ["batch", 3, "height", "width"];
  return onnxModel({
    inputs: [{ name: "sample", type, shape: from }],
    outputs: [{ name: output, type, shape: spec.to ?? from }],
    nodes: spec.nodes ?? [{ op: "Identity", inputs: ["sample"], outputs: [output] }],
  });
}

const MOMENTS: EncoderSpec = {
  output: "latent_parameters",
  to: ["batch", 6, "height", "width"],
  nodes: [
    { op: "Neg", inputs: ["sample"], outputs: ["variance"] },
    concat(["sample", "variance"], "latent_parameters"),
  ],
};

function encode(
  spec: EncoderSpec,
  { image = IMAGE, latentShape = [3, 2, 2] as LatentShape } = {},
): Promise<Float64Array> {
  return withTempFolder(async (folder) => {
    const file = join(folder, "model.onnx");
    await Deno.writeFile(file, encoderModel(spec));
    using env = Environment.open();
    await using encoder = await VaeEncoder.open(env, { file, scalingFactor: 0.5, latentShape });
    return await encoder.encode(image);
  });
}

function assertClose(actual: Float64Array, wanted: readonly number[], tolerance = 1e-7): void {
  assert.equal(actual.length, wanted.length);
  actual.forEach((x, i) =>
    assert.ok(Math.abs(x - wanted[i]) <= tolerance, `${i}: ${x}, ${wanted[i]}`)
  );
}

const LATENT = PLANES.map((x) => x * 0.5);

Deno.test("VaeEncoder.encode() scales levels to -1 … 1 and the latent by the factor", async () => {
  assertClose(await encode({}), LATENT);
});

Deno.test("VaeEncoder.encode() takes the mean of latent_parameters", async () => {
  assertClose(await encode(MOMENTS), LATENT);
  assertClose(await encode({ ...MOMENTS, to: ["a", "b", "c", "d"] }), LATENT);
});

Deno.test("VaeEncoder.encode() serves frozen batches and float16", async () => {
  assertClose(await encode({ from: [3, 3, 2, 2] }), LATENT);
  assertClose(await encode({ type: "float16" }), LATENT, 1e-3);
});

Deno.test("VaeDecoder.decode() brings back the image that VaeEncoder.encode() was given", () =>
  withTempFolder(async (folder) => {
    const options = { file: join(folder, "model.onnx"), scalingFactor: 0.18215 };
    const image = { width: 16, height: 16, data: Uint8Array.from({ length: 768 }, (_, i) => i) };
    await Deno.writeFile(options.file, encoderModel({}));
    const latentShape: LatentShape = [3, 16, 16];
    using env = Environment.open();
    await using encoder = await VaeEncoder.open(env, { ...options, latentShape });
    await using decoder = await VaeDecoder.open(env, { ...options, latentShape });
    assert.deepEqual(await decoder.decode(await encoder.encode(image)), image);
  }));

const REFUSED: readonly (readonly [string, EncoderSpec, RegExp])[] = [
  [
    "an input of other channels",
    { from: ["batch", 4, "h", "w"] },
    /sample float32 \[batch, 4, h, w\] .* wanted an encoder from \[batch, 3, height, width\] to \[batch, 3, 2, 2\] or \[batch, 6, 2, 2\]/,
  ],
  [
    "latents of other channels",
    {
      to: ["batch", 9, "h", "w"],
      nodes: [concat(["sample", "sample", "sample"], "latent_sample")],
    },
    /gives latent_sample float32 \[batch, 9/,
  ],
  ["an input of rank 3", { from: [3, "h", "w"] }, /takes sample float32 \[3, h, w\]/],
  ["whole numbers", { type: "int64" }, /is int64, wanted one of float32, float16, float64/],
];

for (const [what, spec, wanted] of REFUSED) {
  Deno.test(`VaeEncoder.open() refuses ${what}`, async () => {
    await assert.rejects(encode(spec), (error: Error) => {
      assert(error instanceof ModelError, String(error));
      assert.match(error.message, wanted);
      return true;
    });
  });
}

const NO_LATENT: readonly (readonly [string, EncoderSpec, LatentShape, RegExp])[] = [
  ["makes another latent of", {}, [3, 1, 1], /makes \[3, 2, 2\] of a 2x2 image/],
  [
    "does not take",
    { from: ["batch", 3, 4, 4] },
    [3, 4, 4],
    /the image is 2x2, .*model\.onnx takes 4x4/,
  ],
];

for (const [what, spec, latentShape, wanted] of NO_LATENT) {
  Deno.test(`VaeEncoder.encode() refuses an image that the network ${what}`, async () => {
    await assert.rejects(encode(spec, { latentShape }), (error: Error) => {
      assert(error instanceof ModelError, String(error));
      assert.match(error.message, wanted);
      return true;
    });
  });
}

Deno.test("VaeEncoder.encode() refuses a latent that is not finite", async () => {
  const nodes = [{ op: "Log", inputs: ["sample"], outputs: ["latent_sample"] }];
  await assert.rejects(encode({ nodes }), NumericalError);
});
