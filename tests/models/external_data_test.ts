import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { FormatError, ModelError } from "../../src/errors.ts";
import { ModelFolder } from "../../src/models/model_folder.ts";
import { Environment } from "../../src/runtime/environment.ts";
import { InferenceSession } from "../../src/runtime/inference_session.ts";
import { onnxModel, type ValueSpec } from "../support/onnx_builder.ts";
import { withTempFolder } from "../support/temp_folder.ts";

const value = (name: string): ValueSpec => ({ name, type: "float32", shape: [4] });

/** y = x + w, w being 16 bytes at `location`. */
const model = (location: string) =>
  onnxModel({
    inputs: [value("x")],
    outputs: [value("y")],
    nodes: [{ op: "Add", inputs: ["x", "w"], outputs: ["y"] }],
    initializers: [{ name: "w", type: "float32", dims: [4], externalFile: location }],
  });

const WEIGHTS = new Uint8Array(16);

interface Case {
  location?: string;
  /** Puts the weights, or something else, into the part's folder. */
  put?: (part: string, outside: string) => Promise<void>;
  /** Changes them after they were looked at. */
  swap?: (part: string, outside: string) => Promise<void>;
  wanted: RegExp;
}

const write = (name: string, size = 16) => (part: string) =>
  Deno.writeFile(join(part, name), WEIGHTS.slice(0, size));

const CASES: Record<string, Case> = {
  "a location above the folder": {
    location: "../w.bin",
    put: write("../w.bin"),
    wanted: /leaves the model's folder|External data/,
  },
  "an absolute location": { location: "/etc/hostname", wanted: /an absolute path|External data/ },
  "a symbolic link": {
    put: (part, outside) => Deno.symlink(join(outside, "w.bin"), join(part, "w.bin")),
    wanted: /"w\.bin" is a symbolic link/,
  },
  "a symbolic link on the way": {
    location: "sub/w.bin",
    put: (part, outside) => Deno.symlink(outside, join(part, "sub")),
    wanted: /"sub" is a symbolic link/,
  },
  "a hard link": {
    put: (part, outside) => Deno.link(join(outside, "w.bin"), join(part, "w.bin")),
    wanted: /2 hard links, wanted one/,
  },
  "a hard link that goes by the name of a text": {
    location: "w.json",
    put: (part, outside) => Deno.link(join(outside, "w.bin"), join(part, "w.json")),
    wanted: /2 hard links, wanted one/,
  },
  "a missing file": { wanted: /no such file|External data/ },
  "a short file": { put: write("w.bin", 15), wanted: /15 bytes, wanted at least 16/ },
  "a file swapped for a link after it was looked at": {
    put: write("w.bin"),
    swap: async (part, outside) => {
      await Deno.remove(join(part, "w.bin"));
      await Deno.symlink(join(outside, "w.bin"), join(part, "w.bin"));
    },
    wanted: /External data/,
  },
  "a file cut after it was looked at": {
    put: write("w.bin"),
    swap: (part) => Deno.truncate(join(part, "w.bin"), 3),
    wanted: /out of bounds/,
  },
};

for (const [what, { location = "w.bin", put, swap, wanted }] of Object.entries(CASES)) {
  Deno.test(`a model with ${what} for its weights is refused before it runs`, () =>
    withTempFolder(async (folder) => {
      const [part, outside] = [join(folder, "model", "unet"), join(folder, "outside")];
      for (const path of [part, outside]) await Deno.mkdir(path, { recursive: true });
      await Deno.writeFile(join(outside, "w.bin"), WEIGHTS);
      await Deno.writeFile(join(part, "model.onnx"), model(location));
      await put?.(part, outside);
      using env = Environment.open();
      const open = async () => {
        const found = await ModelFolder.open(dirname(part), { networks: ["unet"], part: true });
        const file = await found.network("unet");
        await swap?.(part, outside);
        await (await InferenceSession.create(env, file)).close();
      };
      await assert.rejects(open(), (error: Error) => {
        assert(error instanceof ModelError || error instanceof FormatError, String(error));
        assert.match(error.message, wanted);
        return true;
      });
    }));
}

for (const name of ["w.bin", "w.json", "model_fp16.onnx", "config.txt"]) {
  Deno.test(`a model with a plain file for its weights opens, and ${name} is noted`, () =>
    withTempFolder(async (folder) => {
      await Deno.mkdir(join(folder, "unet"));
      await Deno.writeFile(join(folder, "unet", "model.onnx"), model(name));
      await write(name)(join(folder, "unet"));
      using env = Environment.open();
      const found = await ModelFolder.open(folder, { networks: ["unet"], part: true });
      await using session = await InferenceSession.create(env, await found.network("unet"));
      assert.equal(session.inputs.length, 1);
      assert.deepEqual([...found.networkFiles.keys()], ["unet/model.onnx", `unet/${name}`]);
    }));
}
