import assert from "node:assert/strict";
import { TRANSFORMERS_STEMS, weightsName } from "../../src/convert/weights_name.ts";

const name = "diffusion_pytorch_model";
const choose = (...files: readonly string[]) => weightsName(["config.json", ...files], "vae");

Deno.test("weightsName() takes the plain weights before any variant", () => {
  assert.deepEqual(choose(`${name}.fp16.safetensors`, `${name}.bin`), { name: `${name}.bin` });
  assert.deepEqual(choose(`${name}.bin`, `${name}.safetensors`), { name: `${name}.safetensors` });
});

Deno.test("weightsName() takes a variant that is the only one there, safetensors before bin", () => {
  for (
    const [files, wanted] of [
      [[`${name}.fp16.safetensors`], `${name}.fp16.safetensors`],
      [[`${name}.fp16.bin`], `${name}.fp16.bin`],
      [[`${name}.fp16.bin`, `${name}.fp16.safetensors`], `${name}.fp16.safetensors`],
      [
        [
          `${name}.safetensors.index.fp16.json`,
          `${name}.fp16-00001-of-00002.safetensors`,
          `${name}-00002-of-00002.fp16.safetensors`,
        ],
        `${name}.safetensors.index.fp16.json`,
      ],
      [[`${name}.bin.index.fp16.json`], `${name}.bin.index.fp16.json`],
    ] as const
  ) assert.deepEqual(choose(...files), { name: wanted, variant: "fp16" });
});

Deno.test("weightsName() takes transformers' names for its networks", () => {
  const choose = (...files: readonly string[]) =>
    weightsName(files, "text_encoder", TRANSFORMERS_STEMS);
  const [plain, bin, variant] = [
    "model.safetensors",
    "pytorch_model.bin",
    "pytorch_model.fp16.bin",
  ];
  assert.deepEqual(choose(bin, plain, variant), { name: plain });
  assert.deepEqual(choose(bin, variant, "model.fp16.safetensors"), { name: bin });
  assert.deepEqual(choose(variant), { name: variant, variant: "fp16" });
  assert.throws(() => choose(`${name}.safetensors`), /has none of model\.safetensors, .*, only/);
});

Deno.test("weightsName() names what it found where it takes nothing", () => {
  assert.throws(() => choose(`${name}.fp16.safetensors`, `${name}.non_ema.safetensors`), {
    name: "ModelError",
    message: `vae has the variants fp16, non_ema and no ${name}.safetensors`,
  });
  assert.throws(
    () => choose("model.fp16.onnx", "pytorch_model.bin", "model.safetensors"),
    /vae has none of .*, only "model\.fp16\.onnx", "pytorch_model\.bin", "model\.safetensors"$/,
  );
  assert.throws(
    () => choose(`${name}-00001-of-00002.bin`),
    /only "diffusion_.*-00001-of-00002.bin"/,
  );
  assert.throws(() => choose(), (error: Error) => {
    assert.doesNotMatch(error.message, /only/);
    return true;
  });
});
