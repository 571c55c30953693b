import assert from "node:assert/strict";
import { join } from "node:path";
import { withSdEmoji } from "../../../scripts/train/convert_sd.ts";
import { weightsOf } from "../../convert/network_fixture.ts";

const EMBEDDED = "models/sd-emoji";

Deno.test("withSdEmoji() reproduces the embedded networks from their own weights, byte for byte", async () => {
  const [unet, text] = ["unet", "text_encoder"].map((part) =>
    join(EMBEDDED, part, "model.safetensors")
  );
  const made: string[] = [];
  await withSdEmoji({ unet, text, folder: EMBEDDED }, async (parts) => {
    for (const { part, network } of parts) {
      const shipped = (name: string) => Deno.readFile(join(EMBEDDED, part, name));
      assert.deepEqual(network.model, await shipped("model.onnx"), part);
      assert.deepEqual(await weightsOf(network), await shipped("model.safetensors"), part);
      made.push(part);
    }
  });
  assert.deepEqual(made, ["unet", "text_encoder"]);
});
