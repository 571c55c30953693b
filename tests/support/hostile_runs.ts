/** Runs with names that would leave a folder if they became paths. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { FormatError, UsageError } from "../../src/errors.ts";
import { checkOutputs } from "../../src/runs/finished_run.ts";
import { Cage, hostileNames } from "./hostile_names.ts";
import { runQuietly } from "./sampling.ts";
import { withTempFolder } from "./temp_folder.ts";
import { writeTinyDit } from "./tiny_dit.ts";

const every = <T>(items: readonly T[], stride: number) => items.filter((_, i) => i % stride === 0);

/** Uses every `stride`-th name as a prompt of a file. Returns their number. */
export async function hostilePrompts(stride: number): Promise<number> {
  const names = every(hostileNames({ line: true }), stride);
  await withTempFolder(async (folder) => {
    const cage = await Cage.create(await Deno.realPath(folder));
    const file = join(folder, "prompts.txt");
    await Deno.writeTextFile(file, names.join("\n"));
    const args = ["-m", "tests/fixtures/layouts/plain", "-o", cage.out, "--timesteps=1"];
    await runQuietly("sd", [...args, "--prompts_file", file, "--negative_prompt", names[1]]);
    await cage.expectClosed([file]);
  });
  return names.length;
}

/** Uses names for a model's classes and for the model. */
export async function hostileClasses(stride: number): Promise<number> {
  const names = every(hostileNames({ line: false }), stride);
  await withTempFolder(async (folder) => {
    const cage = await Cage.create(await Deno.realPath(folder));
    const model = await writeTinyDit(folder);
    const id2label = Object.fromEntries(names.map((name, i) => [i, name]));
    const index = { _class_name: "DiTPipeline", name: names.at(-1), id2label };
    await Deno.writeTextFile(join(model, "model_index.json"), JSON.stringify(index));
    const labels = names.map((_, i) => i).join();
    const args = ["-m", model, "-o", cage.out, "--timesteps=1", `--class_labels=${labels}`];
    await runQuietly("dit", args);
    await cage.expectClosed([await Deno.realPath(model)]);
  });
  return names.length;
}

/** Uses names for the outputs that a manifest lists. */
export async function hostileOutputs(): Promise<number> {
  const names = hostileNames({ line: false });
  await withTempFolder(async (folder) => {
    const cage = await Cage.create(await Deno.realPath(folder));
    const run = join(cage.out, "run");
    await Deno.mkdir(join(run, "sample_0"), { recursive: true });
    for (const name of names) {
      const outputs = Object.fromEntries([[`sample_0/${name}`, { size: 9, sha256: "" }]]);
      await assert.rejects(checkOutputs(run, outputs), (error: Error) => {
        assert.ok(error instanceof FormatError, `${JSON.stringify(name)}: ${error}`);
        return true;
      });
    }
    await cage.expectClosed();
  });
  return names.length;
}

/** Uses names as the last part of `--output_path`: a NUL is refused, others name the folder. */
export async function hostileOutputPaths(stride: number): Promise<number> {
  const names = every(hostileNames({ line: false }), stride).map((name) =>
    name.replace(/\//g, "∕")
  );
  const usable = names.filter((name) =>
    name !== ".." && new TextEncoder().encode(name).length < 200
  );
  await withTempFolder(async (folder) => {
    const model = await writeTinyDit(folder);
    const out = join(await Deno.realPath(folder), "out");
    for (const name of usable) {
      const path = `${out}/${name}`;
      const args = ["-m", model, `--output_path=${path}`, "--timesteps=1", "--num_samples=1"];
      if (name.includes("\0")) {
        await assert.rejects(runQuietly("dit", args), UsageError);
        continue;
      }
      const run = await runQuietly("dit", args);
      assert.ok((await Deno.realPath(run)).startsWith(`${path}/DiT-`), JSON.stringify(name));
    }
    const made = [...Deno.readDirSync(folder)].map((entry) => entry.name).sort();
    assert.deepEqual(made, ["out", "tiny-dit"]);
  });
  return usable.length;
}
