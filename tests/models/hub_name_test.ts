import assert from "node:assert/strict";
import { isHubName } from "../../src/storage/hub_name.ts";
import { ModelFolder } from "../../src/models/model_folder.ts";

Deno.test("isHubName() knows owner/name from a path", () => {
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

Deno.test("ModelFolder.open() says of a name on a hub that nothing is downloaded", async () => {
  const open = (path: string) => ModelFolder.open(path, { networks: [] });
  await assert.rejects(open("facebook/no-such-model"), {
    name: "ModelError",
    message: "there is no model folder facebook/no-such-model",
    hint: /^nothing is downloaded by a name: models\/README\.md says how/,
  });
  await assert.rejects(open("/no/such"), { hint: /^a model is a folder/ });
});
