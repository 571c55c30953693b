import assert from "node:assert/strict";
import { nextCommand } from "../../src/cli/next_command.ts";

Deno.test("nextCommand() names the command that takes the files", () => {
  const next = (...paths: string[]) => {
    const files = paths.map((path) => ({ path, size: 1, hash: { kind: "git", hex: "" } } as const));
    return nextCommand({
      repository: "a/b",
      revision: "main",
      commit: "",
      path: "models/b",
      files,
    });
  };
  assert.match(next("unet/model.onnx"), /^deno task sd .*--model_path models\/b$/);
  assert.match(
    next("transformer/model_fp16.onnx"),
    /^deno task dit .*--model_path models\/b --fp16$/,
  );
  assert.equal(next("x.safetensors"), "deno task inspect models/b/x.safetensors");
});
