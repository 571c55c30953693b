import assert from "node:assert/strict";
import { isHubName } from "../../src/storage/hub_name.ts";
import { ModelFolder } from "../../src/models/model_folder.ts";

Deno.test("isHubName() distinguishes owner/name from a path", () => {
  for (
    const name of ["facebook/DiT-XL-2-256", "stable-diffusion-v1-5/stable-diffusion-v1-5", "a/b.c"]
  ) {
    assert.ok(isHubName(name), name);
  }
  for (
    const path of [
      "models/dit-emoji",
      "output/x",
      "./a/b",
      "/a/b",
      "../b",
      "a",
      "a/b/c",
      "~/a",
      "a/",
    ]
  ) {
    assert.ok(!isHubName(path), path);
  }
});

Deno.test("ModelFolder.open() hints at the command that downloads owner/name", async () => {
  const open = (path: string) => ModelFolder.open(path, { networks: [] });
  await assert.rejects(open("facebook/no-such-model"), {
    name: "ModelError",
    message: "there is no model folder facebook/no-such-model",
    hint:
      "deno task fetch facebook/no-such-model downloads a model of this name into models/no-such-model",
  });
  await assert.rejects(open("/no/such"), { hint: /^a model is a folder/ });
});
