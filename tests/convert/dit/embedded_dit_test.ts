import assert from "node:assert/strict";
import { join } from "node:path";
import { runConvert } from "../../../src/cli/commands/convert_script.ts";
import { withTempFolder } from "../../support/temp_folder.ts";

/** The flags of the commands in the READMEs of the models, with what the checkpoint predicts. */
const MODELS = { "dit-emoji": "v_prediction", "flow-emoji": "flow_prediction" };
const FLAGS = ["--num_heads=4", "--weights=fp16", "--quiet"];
const FILES = [
  ...["model.onnx", "model.safetensors", "config.json"].map((name) => `transformer/${name}`),
  "scheduler/scheduler_config.json",
];

for (const [model, prediction] of Object.entries(MODELS)) {
  Deno.test(`runConvert() reproduces ${model} from its own weights, byte for byte`, () =>
    withTempFolder(async (folder) => {
      const embedded = join("models", model);
      const checkpoint = join(embedded, "transformer/model.safetensors");
      const args = ["dit", "--checkpoint_path", checkpoint, "--output_path", folder, ...FLAGS];
      const { log } = console;
      console.log = () => {};
      await runConvert([...args, "--prediction_type", prediction], new AbortController().signal)
        .finally(() => console.log = log);
      for (const name of FILES) {
        const made = await Deno.readFile(join(folder, name));
        assert.deepEqual(made, await Deno.readFile(join(embedded, name)), name);
      }
    }));
}
