import assert from "node:assert/strict";
import type { TensorFile } from "../../src/formats/tensor_file.ts";
import { withoutSharedPrefix } from "../../src/convert/shared_prefix.ts";

/** A file of these tensors; reading one gives its name in the file. */
function fileOf(...names: readonly string[]): TensorFile {
  const entry = { dtype: "U8", shape: [1], length: 1 } as const;
  return {
    entries: new Map(names.map((name) => [name, entry])),
    read: () => Promise.reject(new Error("not read")),
    readBytes: (name) => Promise.resolve(new TextEncoder().encode(name)),
  };
}

const strip = (...names: readonly string[]) => {
  const { tensors, prefix } = withoutSharedPrefix(fileOf(...names), "x.weight");
  return [prefix, ...tensors.entries.keys()];
};

Deno.test("withoutSharedPrefix() strips what every name begins with, nested wrappers too", () => {
  assert.deepEqual(strip("module.x.weight", "module.y"), ["module.", "x.weight", "y"]);
  assert.deepEqual(strip("_orig_mod.x.weight", "_orig_mod.y.z"), ["_orig_mod.", "x.weight", "y.z"]);
  assert.deepEqual(
    strip("model._orig_mod.module.y", "model._orig_mod.module.x.weight"),
    ["model._orig_mod.module.", "y", "x.weight"],
  );
});

Deno.test("withoutSharedPrefix() leaves out the counter that AveragedModel saves", () => {
  assert.deepEqual(strip("n_averaged", "module.x.weight"), ["module.", "x.weight"]);
});

Deno.test("withoutSharedPrefix() leaves names alone that share no prefix, or need none", () => {
  for (
    const names of [
      ["x.weight", "module.y"],
      ["x.weight", "n_averaged"],
      ["module.x.weight", "y"],
      ["model.x.weight", "ema.x.weight"],
      ["model.x.weight", "model.x.weight.y", "modely"],
      ["maxx.weight", "may"],
      ["module.y"],
      [],
    ]
  ) assert.deepEqual(strip(...names), ["", ...names]);
});

Deno.test("withoutSharedPrefix() reads under the name in the file", async () => {
  const { tensors } = withoutSharedPrefix(fileOf("a.b.x.weight"), "x.weight");
  const bytes = await tensors.readBytes("x.weight", { offset: 0, length: 1 });
  assert.equal(new TextDecoder().decode(bytes), "a.b.x.weight");
});
