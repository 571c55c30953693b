import assert from "node:assert/strict";
import { join } from "node:path";
import { FormatError } from "../../src/errors.ts";
import { ModelFolder } from "../../src/models/model_folder.ts";
import { withTempFolder } from "../support/temp_folder.ts";

Deno.test("ModelFolder.network() names what is no ONNX file before ONNX Runtime sees it", () =>
  withTempFolder(async (folder) => {
    await Deno.mkdir(join(folder, "unet"));
    await Deno.writeTextFile(join(folder, "model_index.json"), "{}");
    const text = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 3438167540\n";
    await Deno.writeTextFile(join(folder, "unet/model.onnx"), text);
    const model = await ModelFolder.open(folder, { networks: ["unet"] });
    await assert.rejects(model.network("unet"), (error) => {
      assert(error instanceof FormatError);
      assert.match(
        error.message,
        /model\.onnx: a Git LFS pointer, not the file of 3438167540 bytes, wanted an ONNX network$/,
      );
      assert.match(error.hint!, /git lfs pull/);
      return true;
    });
  }));
