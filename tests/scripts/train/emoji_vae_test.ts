import assert from "node:assert/strict";
import { join } from "node:path";
import { convertEmojiVae } from "../../../scripts/train/emoji_vae.ts";
import { openTensors } from "../../../src/formats/open_tensors.ts";
import { weightsOf } from "../../convert/network_fixture.ts";

for (const model of ["dit-emoji", "sd-emoji"]) {
  for (const half of ["decoder", "encoder"] as const) {
    Deno.test(`convertEmojiVae() reproduces the ${half} of ${model} from its own weights, byte for byte`, async () => {
      const folder = join("models", model, `vae_${half}`);
      const file = join(folder, "model.safetensors");
      using weights = await openTensors(file, {});
      const network = convertEmojiVae(weights.tensors, half, file);
      assert.deepEqual(network.model, await Deno.readFile(join(folder, "model.onnx")));
      assert.deepEqual(await weightsOf(network), await Deno.readFile(file));
    });
  }
}
