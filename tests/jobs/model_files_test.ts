import assert from "node:assert/strict";
import { basename, dirname, join } from "node:path";
import { runVerify } from "../../src/cli/commands/verify_script.ts";
import { inspectFolder } from "../../src/diagnostics/inspect/folder_report.ts";
import { isFaultless } from "../../src/diagnostics/inspect/report.ts";
import { MismatchError } from "../../src/errors.ts";
import { explainDifferences } from "../../src/runs/compare_runs.ts";
import type { Manifest } from "../../src/runs/manifest.ts";
import { outputsOf, readManifest, runQuietly } from "../support/sampling.ts";
import { copyFolder, withTempFolder } from "../support/temp_folder.ts";

const LAYOUTS = "tests/fixtures/layouts";

/** Of models that leave it open. */
const SIZE = ["-H", "16", "-W", "16"];

function sample(model: string, out: string, args: string[] = []): Promise<string> {
  const fixed = ["-m", model, "-o", out, "-p", "a cute cat"];
  return runQuietly("sd", [...fixed, "--num_samples=1", "--timesteps=4", ...args]);
}

async function changeManifest(run: string, change: (manifest: Manifest) => unknown): Promise<void> {
  const manifest = await readManifest(run);
  change(manifest);
  await Deno.writeTextFile(join(run, "manifest.json"), JSON.stringify(manifest));
}

/** Changes to a model's folder that change the image, or could. */
const CHANGES: [file: string, change: (text: string) => string][] = [
  [
    "tokenizer/vocab.json",
    (text) =>
      text.replace(/"(cat|dog)<\/w>"/g, (_, word) => word === "cat" ? '"dog</w>"' : '"cat</w>"'),
  ],
  ["tokenizer/merges.txt", (text) => `${text}\n`],
  ["tokenizer/special_tokens_map.json", (text) => `${text} `],
  ["tokenizer/added_tokens.json", () => '{"<cat-toy>": 525}'],
  ["scheduler/scheduler_config.json", (text) => text.replace("0.012", "0.013")],
  ["vae_decoder/config.json", (text) => `${text} `],
  ["unet/config.json", (text) => `${text} `],
  ["model_index.json", (text) => `${text} `],
];

Deno.test("--resume and verify refuse a model with other files than recorded, and name the file", () =>
  withTempFolder(async (folder) => {
    const model = join(folder, "sd");
    await copyFolder(join(LAYOUTS, "plain"), model);
    const run = await sample(model, join(folder, "out"));
    const stopped = join(folder, "stopped");
    await copyFolder(run, stopped);
    await changeManifest(stopped, (manifest) => manifest.status = "interrupted");
    const refused = (name: string) => (error: Error) => {
      assert.ok(error instanceof MismatchError, `${name}: ${error}`);
      assert.ok(error.message.includes(name), error.message);
      return true;
    };
    for (const [name, change] of CHANGES) {
      const file = join(model, name);
      const before = await Deno.readTextFile(file).catch(() => undefined);
      await Deno.writeTextFile(file, change(before ?? "{}"));
      const resumed = runQuietly("sd", ["--resume", stopped]);
      await assert.rejects(resumed, refused(name));
      await assert.rejects(runVerify([run, "--json"], new AbortController().signal), refused(name));
      await (before === undefined ? Deno.remove(file) : Deno.writeTextFile(file, before));
    }
    await runQuietly("sd", ["--resume", stopped]);
  }));

Deno.test("a run without recorded configurations is resumed, verified and compared", () =>
  withTempFolder(async (folder) => {
    const model = join(folder, "sd");
    await copyFolder(join(LAYOUTS, "plain"), model);
    const run = await sample(model, join(folder, "out"));
    const recorded = await readManifest(run);
    await changeManifest(run, (manifest) => {
      delete manifest.model.configs;
      manifest.status = "interrupted";
    });
    await Deno.writeTextFile(join(model, "tokenizer/added_tokens.json"), '{"<cat-toy>": 525}');
    await runQuietly("sd", ["--resume", run]);
    const old = await readManifest(run);
    assert.equal(old.model.configs, undefined);
    assert.deepEqual(explainDifferences(old, { ...old, model: recorded.model }), []);
  }));

Deno.test("explainDifferences() names a changed or new configuration file", () =>
  withTempFolder(async (folder) => {
    const manifest = await readManifest(await sample(join(LAYOUTS, "plain"), folder));
    const { model } = manifest;
    assert.equal(model.configs!["tokenizer/added_tokens.json"], null);
    const other = { size: 1, sha256: "0".repeat(64) };
    const changed = {
      ...model.configs,
      "tokenizer/added_tokens.json": other,
      "model_index.json": other,
    };
    const here = { ...manifest, model: { ...model, configs: changed } };
    assert.deepEqual(explainDifferences(manifest, here).map(({ what }) => what).sort(), [
      "model_index.json",
      "tokenizer/added_tokens.json",
    ]);
  }));

/**
 * Copies a model as Hugging Face's cache holds it: links into one folder of files that are named by
 * their hash.
 */
async function cache(model: string, folder: string): Promise<string> {
  const snapshot = join(folder, "snapshots", "0123abc"), blobs = join(folder, "blobs");
  await Deno.mkdir(blobs, { recursive: true });
  let count = 0;
  for (const part of [...Deno.readDirSync(model)].map(({ name }) => name)) {
    const path = join(model, part);
    const files = (await Deno.stat(path)).isDirectory
      ? [...Deno.readDirSync(path)].map(({ name }) => join(part, name))
      : [part];
    for (const file of files) {
      const blob = join(blobs, `blob-${count++}`), link = join(snapshot, file);
      await Deno.copyFile(join(model, file), blob);
      await Deno.mkdir(dirname(link), { recursive: true });
      await Deno.symlink(
        join("../".repeat(file.split("/").length + 1), "blobs", basename(blob)),
        link,
      );
    }
  }
  return snapshot;
}

Deno.test("a folder of Hugging Face's cache gives the same image as plain files", () =>
  withTempFolder(async (folder) => {
    // Its UNet has external data and one timestep for the whole batch, so that it is changed in
    // memory.
    const model = join(LAYOUTS, "optimum_scalar");
    const plain = await sample(model, join(folder, "plain"), SIZE);
    const snapshot = await cache(model, join(folder, "cache"));
    const linked = await sample(snapshot, join(folder, "linked"), SIZE);
    const image = "sample_0/contact_sheet.png";
    assert.deepEqual((await outputsOf(linked))[image], (await outputsOf(plain))[image]);
    const { signal } = new AbortController();
    const report = await inspectFolder(snapshot, { tensors: false, hash: false, signal });
    assert.ok(isFaultless(report), JSON.stringify(report.parts));
    assert.equal(report.facts.tokenizer, "CLIP, 525 ids, rows of 77");
    const files = async (run: string) => (await readManifest(run)).model.files;
    assert.deepEqual(await files(linked), await files(plain));
  }));

Deno.test("tokenizer.json alone gives the same image as vocab.json and merges.txt", () =>
  withTempFolder(async (folder) => {
    const model = join(folder, "sd");
    await copyFolder(join(LAYOUTS, "plain"), model);
    const plain = await sample(model, join(folder, "plain"));
    const text = await Deno.readTextFile("tests/fixtures/clip_folder_cases.json");
    const cases: { name: string; files: Record<string, object | null> }[] = JSON.parse(text).cases;
    const { files } = cases.find(({ name }) => name === "tokenizer.json alone")!;
    await Deno.remove(join(model, "tokenizer"), { recursive: true });
    await Deno.mkdir(join(model, "tokenizer"));
    for (const [name, content] of Object.entries(files)) {
      if (content === null) continue;
      await Deno.writeTextFile(join(model, "tokenizer", name), JSON.stringify(content));
    }
    const outputs = await outputsOf(await sample(model, join(folder, "json")));
    const image = "sample_0/contact_sheet.png";
    assert.deepEqual(outputs[image], (await outputsOf(plain))[image]);
    assert.deepEqual(
      outputs["sample_0/trajectory.safetensors"],
      (await outputsOf(plain))["sample_0/trajectory.safetensors"],
    );
  }));

Deno.test("the error of a missing tokenizer lists the files in its place", () =>
  withTempFolder(async (folder) => {
    const model = join(folder, "sd");
    await copyFolder(join(LAYOUTS, "plain"), model);
    await Deno.rename(
      join(model, "tokenizer/vocab.json"),
      join(model, "tokenizer/spiece.model"),
    );
    await Deno.rename(
      join(model, "text_encoder/model.onnx"),
      join(model, "text_encoder/model_quantized.onnx"),
    );
    await assert.rejects(sample(model, folder), (error: Error) => {
      assert.match(
        error.message,
        /lacks text_encoder\/model\.onnx, tokenizer\/vocab\.json; text_encoder holds .*model_quantized\.onnx.*; tokenizer holds merges\.txt, .*spiece\.model/,
      );
      return true;
    });
  }));
