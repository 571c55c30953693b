import assert from "node:assert/strict";
import { join } from "node:path";
import { runConvert } from "../../../src/cli/commands/convert_script.ts";
import { withTempFolder } from "../../support/temp_folder.ts";

const EMBEDDED = "models/dit-emoji";
/** The flags of the command in models/dit-emoji/README.md. */
const FLAGS = ["--num_heads=4", "--prediction_type=v_prediction", "--weights=fp16", "--quiet"];

Deno.test("runConvert() reproduces the embedded DiT from its own weights, byte for byte", () =>
  withTempFolder(async (folder) => {
    const checkpoint = join(EMBEDDED, "transformer/model.safetensors");
    const args = ["dit", "--checkpoint_path", checkpoint, "--output_path", folder, ...FLAGS];
    const { log } = console;
    console.log = () => {};
    await runConvert(args, new AbortController().signal).finally(() => console.log = log);
    const parts = ["model.onnx", "model.safetensors", "config.json"].map((f) => `transformer/${f}`);
    for (const name of [...parts, "scheduler/scheduler_config.json"]) {
      const made = await Deno.readFile(join(folder, name));
      assert.deepEqual(made, await Deno.readFile(join(EMBEDDED, name)), name);
    }
  }));
