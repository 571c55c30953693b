import assert from "node:assert/strict";
import { nextCommand } from "../../src/cli/next_command.ts";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";

function next(paths: string[], { path = "models/b", size = 1 } = {}): string {
  const hash = { kind: "git", hex: "" } as const;
  const files = paths.map((path) => ({ path, size, hash }));
  return nextCommand({ repository: "a/b", revision: "main", commit: COMMIT, path, files });
}

Deno.test("nextCommand() suggests sampling for an ONNX model", () => {
  assert.match(next(["unet/model.onnx"]), /^deno task sd .*--model_path models\/b$/);
  const half = next(["transformer/model_fp16.onnx"], { path: "models/it's" });
  assert.match(half, /^deno task dit .*--model_path 'models\/it'\\''s' --fp16$/);
});

Deno.test("nextCommand() suggests converting weights, from a cache into models/", () => {
  const unet = ["model_index.json", "unet/diffusion_pytorch_model.safetensors"];
  const convert = "deno task convert sd --checkpoint_path";
  assert.equal(next(unet), `${convert} models/b --output_path models/b-onnx`);
  const path = `cache/models--a--b/snapshots/${COMMIT}`;
  assert.equal(next(unet, { path }), `${convert} ${path} --output_path models/b-onnx`);
  assert.equal(
    next(["x.ckpt"], { size: 4e9 }),
    `${convert} models/b/x.ckpt --tokenizer_path DIR --output_path models/b-onnx`,
  );
  const vae = next(["config.json", "diffusion_pytorch_model.safetensors"]);
  assert.match(vae, /^deno task convert dit .* --vae_path models\/b /);
});

Deno.test("nextCommand() suggests inspecting an unknown folder", () => {
  assert.equal(next(["x.safetensors"]), "deno task inspect models/b/x.safetensors");
  assert.equal(next(["vocab.json", "merges.txt"]), "deno task inspect models/b");
});
