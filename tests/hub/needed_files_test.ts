import assert from "node:assert/strict";
import { UsageError } from "../../src/errors.ts";
import type { HubFile } from "../../src/hub/hub_listing.ts";
import { chooseFiles, type FileChoice } from "../../src/hub/needed_files.ts";

/** Files by path; `=N` gives a size. */
function files(...paths: string[]): HubFile[] {
  return paths.map((text) => {
    const [path, size = "100"] = text.split("=");
    return { path, size: Number(size), hash: { kind: "git", hex: "0".repeat(40) } };
  });
}

function chosen(paths: string[], choice: FileChoice = {}): string[] {
  return chooseFiles(files(...paths), choice, "owner/name").map(({ path }) => path).sort();
}

/**
 * What the published repository of Stable Diffusion 1.5 holds, but for its safety checker's files.
 */
const SD15 = [
  ...[".gitattributes", "README.md", "model_index.json"],
  ...["v1-5-pruned-emaonly.ckpt", "v1-5-pruned-emaonly.safetensors", "v1-inference.yaml"],
  ...["feature_extractor/preprocessor_config.json", "safety_checker/model.safetensors"],
  "scheduler/scheduler_config.json",
  ...["config.json", "model.fp16.safetensors", "model.safetensors", "pytorch_model.bin"].map((
    name,
  ) => `text_encoder/${name}`),
  ...["merges.txt", "special_tokens_map.json", "tokenizer_config.json", "vocab.json"].map((name) =>
    `tokenizer/${name}`
  ),
  ...["unet", "vae"].flatMap((part) => [
    `${part}/config.json`,
    ...["", ".fp16", ".non_ema"].flatMap((variant) =>
      ["bin", "safetensors"].map((kind) => `${part}/diffusion_pytorch_model${variant}.${kind}`)
    ),
  ]),
];

const SD15_SETTINGS = [
  "model_index.json",
  "scheduler/scheduler_config.json",
  "text_encoder/config.json",
  ...["merges.txt", "special_tokens_map.json", "tokenizer_config.json", "vocab.json"].map((name) =>
    `tokenizer/${name}`
  ),
  ...["unet/config.json", "vae/config.json"],
];

Deno.test("chooseFiles() takes one set of weights a part of a diffusers folder", () => {
  assert.deepEqual(
    chosen(SD15),
    [
      ...SD15_SETTINGS,
      "text_encoder/model.safetensors",
      ...["unet", "vae"].map((part) => `${part}/diffusion_pytorch_model.safetensors`),
    ].sort(),
  );
  assert.deepEqual(
    chosen(SD15, { fp16: true }),
    [
      ...SD15_SETTINGS,
      "text_encoder/model.fp16.safetensors",
      ...["unet", "vae"].map((part) => `${part}/diffusion_pytorch_model.fp16.safetensors`),
    ].sort(),
  );
});

Deno.test("chooseFiles() takes a variant or pickles where there is nothing else, and shards with their index", () => {
  const unet = (...names: string[]) => ["model_index.json", ...names.map((name) => `unet/${name}`)];
  const only = unet("diffusion_pytorch_model.fp16.safetensors");
  assert.deepEqual(chosen(only), only.toSorted());
  const pickle = unet("diffusion_pytorch_model.bin");
  assert.deepEqual(chosen([...pickle, "unet/diffusion_flax_model.msgpack"]), pickle.toSorted());
  const shards = (variant: string) =>
    [1, 2].map((i) => `diffusion_pytorch_model${variant}-0000${i}-of-00002.safetensors`);
  const plain = unet("diffusion_pytorch_model.safetensors.index.json", ...shards(""));
  const half = unet("diffusion_pytorch_model.safetensors.index.fp16.json", ...shards(".fp16"));
  assert.deepEqual(chosen([...plain, ...half]), plain.toSorted());
  assert.deepEqual(chosen([...plain, ...half], { fp16: true }), half.toSorted());
  const whole = unet("diffusion_pytorch_model.safetensors");
  assert.deepEqual(chosen([...plain, ...whole]), whole.toSorted());
});

Deno.test("chooseFiles() takes networks in ONNX before weights, with their external data", () => {
  const onnx = [
    ...["model_index.json", "scheduler/scheduler_config.json", "tokenizer/vocab.json"],
    ...["unet/config.json", "unet/model.onnx=10", "unet/model.onnx_data=5000"],
    ...["text_encoder/model.onnx", "vae_decoder/model.onnx=1000", "vae_decoder/config.json"],
  ];
  const surplus = [
    ...["unet/diffusion_pytorch_model.safetensors=5000", "unet/model_fp16.onnx"],
    ...["text_encoder/model.safetensors", "vae/diffusion_pytorch_model.safetensors"],
    ...["vae/config.json", "vae_decoder/model.safetensors=1000"],
  ];
  const names = onnx.map((text) => text.split("=")[0]);
  assert.deepEqual(chosen([...onnx, ...surplus]), names.toSorted());
  // As convert writes them: the weights are a safetensors file that the network reads.
  const converted = [
    "model_index.json",
    "transformer/model.onnx=10",
    "transformer/model.safetensors=900",
  ];
  assert.deepEqual(chosen(converted), converted.map((text) => text.split("=")[0]).toSorted());
  const half = chosen([...onnx, ...surplus], { fp16: true });
  assert.ok(half.includes("unet/model_fp16.onnx") && !half.includes("unet/model.onnx"), `${half}`);
});

Deno.test("chooseFiles() takes a VAE alone, and the only checkpoint", () => {
  const vae = ["config.json", "diffusion_pytorch_model.safetensors"];
  assert.deepEqual(chosen([...vae, "diffusion_pytorch_model.bin", "README.md"]), vae);
  assert.deepEqual(chosen(["README.md", "dreamy.safetensors"]), ["dreamy.safetensors"]);
  const two = () => chosen(["a.safetensors", "b.ckpt"]);
  assert.throws(two, {
    name: "UsageError",
    message: /2 checkpoints/,
    hint: /a\.safetensors, b\.ckpt/,
  });
  assert.throws(() => chosen(["README.md"]), /no model folder and no checkpoint/);
  assert.throws(() => chosen([]), UsageError);
});

Deno.test("chooseFiles() follows include and exclude alone where they are given", () => {
  assert.deepEqual(chosen(SD15, { include: ["*.yaml", "README*"] }), [
    "README.md",
    "v1-inference.yaml",
  ]);
  assert.deepEqual(chosen(SD15, { include: ["unet/*"], exclude: ["*.bin", "*fp16*", "*ema*"] }), [
    "unet/config.json",
    "unet/diffusion_pytorch_model.safetensors",
  ]);
  assert.ok(!chosen(SD15, { exclude: ["text_encoder/"] }).some((path) => path.startsWith("text_")));
  assert.throws(() => chosen(SD15, { include: ["nothing"] }), /no file that include names/);
  const none = () => chosen(SD15, { include: ["*.yaml"], exclude: ["*"] });
  assert.throws(none, /no file that include and exclude leave/);
});
