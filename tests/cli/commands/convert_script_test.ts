import assert from "node:assert/strict";
import { join } from "node:path";
import { convertFlags } from "../../../src/arguments/flags/convert_flags.ts";
import { runConvert } from "../../../src/cli/commands/convert_script.ts";
import { type ParataaError, UsageError } from "../../../src/errors.ts";
import { writeSafetensors } from "../../../src/formats/safetensors/safetensors.ts";
import { readFixture } from "../../convert/network_fixture.ts";
import { checkpointOfParts } from "../../support/checkpoint_builder.ts";
import { ROOT } from "../../support/run_script.ts";
import { runQuietly } from "../../support/sampling.ts";
import { withTempFolder } from "../../support/temp_folder.ts";

const VAE = "tests/fixtures/convert/vae";
const never = new AbortController().signal;

/** A folder with the small checkpoint of tests/fixtures/convert, 8×8 latents and 5 classes. */
function withCheckpoint<T>(test: (folder: string, checkpoint: string) => Promise<T>): Promise<T> {
  return withTempFolder(async (folder) => {
    const checkpoint = join(folder, "dit.safetensors");
    await Deno.writeFile(checkpoint, writeSafetensors(readFixture("dit_patch2").tensors));
    return await test(folder, checkpoint);
  });
}

/** Runs `convert` and returns its lines, and what it threw. */
async function convert(...args: string[]): Promise<{ lines: string[]; error?: ParataaError }> {
  const { log } = console;
  const lines: string[] = [];
  console.log = (line: string) => lines.push(line);
  try {
    await runConvert(args, never);
    return { lines };
  } catch (error) {
    return { lines, error: error as ParataaError };
  } finally {
    console.log = log;
  }
}

async function files(folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    names.push(...isDirectory ? (await files(path)).map((inner) => `${name}/${inner}`) : [name]);
  }
  return names.sort();
}

const WHOLE = [
  "model_index.json",
  "scheduler/scheduler_config.json",
  ...["transformer", "vae_decoder", "vae_encoder"].flatMap((part) =>
    ["config.json", "model.onnx", "model.safetensors"].map((name) => `${part}/${name}`)
  ),
];

Deno.test("runConvert() writes a model that parallel_dit samples, with numbered classes", () =>
  withCheckpoint(async (folder, checkpoint) => {
    const out = join(folder, "new/model");
    const { lines, error } = await convert(
      ...["dit", "--checkpoint_path", checkpoint, "--num_heads=2", "--vae_path", VAE, "-o", out],
    );
    assert.equal(error, undefined, String(error));
    assert.deepEqual(await files(out), WHOLE);
    assert.match(lines[0], /^DiT of width 16, depth 2, 2 heads, patch 2, latent 8x8, 5 classes$/);
    assert.equal(lines.at(-1), `next: deno task dit --model_path ${out} --class_labels 0`);
    const index = JSON.parse(await Deno.readTextFile(join(out, "model_index.json")));
    assert.equal(index.id2label["4"], "class 4");
    const args = ["-m", out, "-o", folder, "--timesteps=4", "--class_labels=4,class 0"];
    const run = await runQuietly("dit", args);
    assert.ok((await files(run)).includes("sample_1/step_0.png"));
  }));

Deno.test("runConvert() writes a flow scheduler for a flow model", () =>
  withTempFolder(async (folder) => {
    const checkpoint = join(folder, "flow.safetensors"), out = join(folder, "model");
    await Deno.writeFile(checkpoint, writeSafetensors(readFixture("dit_flow").tensors));
    const { lines, error } = await convert(
      ...["dit", "--checkpoint_path", checkpoint, "--num_heads=2", "-o", out],
      "--prediction_type=flow_prediction",
    );
    assert.equal(error, undefined, String(error));
    const read = async (name: string) => JSON.parse(await Deno.readTextFile(join(out, name)));
    const name = "FlowMatchEulerDiscreteScheduler";
    assert.equal((await read("scheduler/scheduler_config.json"))._class_name, name);
    assert.deepEqual((await read("model_index.json")).scheduler, ["diffusers", name]);
    assert.equal((await read("transformer/config.json")).out_channels, 4);
    assert.ok(lines.includes("note: the shift in scheduler_config.json is Stable Diffusion 3's"));
  }));

Deno.test("runConvert() gives the same bytes for a .pt, shards and one safetensors file", () =>
  withCheckpoint(async (folder, checkpoint) => {
    const { tensors } = readFixture("dit_patch2");
    const index = join(folder, "dit.safetensors.index.json");
    const weight_map: Record<string, string> = {};
    for (const shard of [0, 1]) {
      const part = [...tensors].filter((_, i) => i % 2 === shard);
      for (const [name] of part) weight_map[name] = `shard${shard}.safetensors`;
      const bytes = writeSafetensors(new Map(part));
      await Deno.writeFile(join(folder, `shard${shard}.safetensors`), bytes);
    }
    await Deno.writeTextFile(index, JSON.stringify({ metadata: {}, weight_map }));
    const pt = "tests/fixtures/convert/dit_patch2.pt";
    const made: Uint8Array[][] = [];
    for (const [i, path] of [checkpoint, pt, index].entries()) {
      const out = join(folder, `model${i}`);
      const { error } = await convert("dit", "--ckpt", path, "--num_heads=2", "-o", out);
      assert.equal(error, undefined, String(error));
      const names = ["transformer/model.onnx", "transformer/model.safetensors"];
      made.push(await Promise.all(names.map((name) => Deno.readFile(join(out, name)))));
    }
    assert.deepEqual(made[1], made[0]);
    assert.deepEqual(made[2], made[0]);
  }));

/** The small checkpoint's tensors under another prefix, times a factor. */
function scaled(factor: number, prefix = "") {
  return new Map(
    [...readFixture("dit_patch2").tensors].map(([name, { shape, data }]) =>
      [`${prefix}${name}`, { shape, data: (data as Float32Array).map((x) => x * factor) }] as const
    ),
  );
}

Deno.test("runConvert() reports whether it uses averaged weights, a given part or a prefix", () =>
  withCheckpoint(async (folder, checkpoint) => {
    const path = join(folder, "training.pt");
    const parts = { model: scaled(0), model_ema: scaled(1, "module._orig_mod.") };
    await Deno.writeFile(path, checkpointOfParts(parts));
    const made = async (name: string, ...args: string[]) => {
      const out = join(folder, name);
      const { lines, error } = await convert("dit", "--num_heads=2", "-o", out, ...args);
      assert.equal(error, undefined, String(error));
      const file = join(out, "transformer/model.safetensors");
      return { lines, bytes: await Deno.readFile(file) };
    };
    const plain = await made("plain", "--ckpt", checkpoint);
    assert.doesNotMatch(plain.lines.join("\n"), /taken/);
    const averaged = await made("averaged", "--ckpt", path);
    assert.equal(
      averaged.lines[1],
      'weights: part "model_ema", not "model" (see --checkpoint_part), ' +
        'names without their prefix "module._orig_mod."',
    );
    assert.deepEqual(averaged.bytes, plain.bytes);
    const zeros = await made("zeros", "--ckpt", path, "--checkpoint_part=model", "--json");
    assert.deepEqual(JSON.parse(zeros.lines[1]), {
      event: "weights",
      part: "model",
      parts: ["model", "model_ema"],
      prefix: "",
    });
    assert.notDeepEqual(zeros.bytes, plain.bytes);
    const wrong = ["dit", "--num_heads=2", "-o", join(folder, "wrong"), "--checkpoint_part=ema"];
    const { error } = await convert(...wrong, "--ckpt", path);
    assert.match(error!.message, /no part "ema" with tensors, only "model", "model_ema"$/);
    const none = await convert(...wrong, "--ckpt", checkpoint);
    assert.match(none.error!.message, /dit.safetensors has no parts, but part "ema" is given$/);
  }));

Deno.test("runConvert() uses and reports the only variant of a VAE", () =>
  withCheckpoint(async (folder, checkpoint) => {
    const vae = join(folder, "vae");
    await Deno.mkdir(vae);
    await Deno.copyFile(join(VAE, "config.json"), join(vae, "config.json"));
    const variant = join(vae, "diffusion_pytorch_model.fp16.safetensors");
    await Deno.copyFile(join(VAE, "diffusion_pytorch_model.safetensors"), variant);
    const args = ["dit", "--num_heads=2", "--ckpt", checkpoint, "--vae_path", vae];
    const { lines, error } = await convert(...args, "-o", join(folder, "model"));
    assert.equal(error, undefined, String(error));
    assert.equal(
      lines[1],
      `note: ${variant} is used because fp16 is the only variant`,
    );
  }));

Deno.test("runConvert() adds fp16 networks to a folder without changing its other files", () =>
  withCheckpoint(async (folder, checkpoint) => {
    const out = join(folder, "model");
    const args = ["dit", "--ckpt", checkpoint, "--num-heads=2", "--vae_path", VAE, "-o", out];
    await convert(...args);
    const index = join(out, "model_index.json");
    const edited = (await Deno.readTextFile(index)).replace("class 0", "a cat");
    await Deno.writeTextFile(index, edited);
    const { lines, error } = await convert(...args, "--fp16", "--json");
    assert.equal(error, undefined, String(error));
    assert.deepEqual(JSON.parse(lines.at(-1)!), {
      event: "converted",
      path: out,
      kept: ["scheduler/scheduler_config.json", "model_index.json"],
    });
    assert.equal(await Deno.readTextFile(index), edited);
    const run = await runQuietly("dit", [
      ...["-m", out, "-o", folder, "--timesteps=4", "--class_labels=a cat", "--fp16"],
    ]);
    assert.ok((await files(run)).includes("sample_0/step_0.png"));
  }));

Deno.test("runConvert() does not overwrite a network or mix two models in a folder", () =>
  withCheckpoint(async (folder, checkpoint) => {
    const out = join(folder, "model");
    const args = ["dit", "--ckpt", checkpoint, "-o", out];
    await convert(...args, "--num_heads=2");
    const before = await files(out);
    const again = await convert(...args, "--num_heads=2");
    assert.ok(again.error instanceof UsageError, String(again.error));
    assert.match(again.error.message, /has transformer\/model\.onnx already$/);
    assert.deepEqual(again.lines, []);
    const other = await convert(...args, "--num_heads=4", "--fp16");
    assert.match(other.error!.message, /has a transformer\/config\.json of another network$/);
    assert.deepEqual(await files(out), before);
  }));

Deno.test("runConvert() reads class names from a list or an id2label", () =>
  withCheckpoint(async (folder, checkpoint) => {
    const names = join(folder, "names.json");
    const list = ["ant", "bee", "cat, kitten", "dog", "elk"];
    const contents = [list, { id2label: { ...list } }, { ...list }];
    for (const [i, content] of contents.entries()) {
      await Deno.writeTextFile(names, JSON.stringify(content));
      const out = join(folder, `model${i}`);
      const args = ["dit", "--ckpt", checkpoint, "--num_heads=2", "-o", out];
      assert.equal((await convert(...args, "--class_names", names)).error, undefined);
      const index = JSON.parse(await Deno.readTextFile(join(out, "model_index.json")));
      assert.deepEqual(index.id2label, { ...list });
    }
    for (const content of [list.slice(1), { 1: "a" }, 5, [1, 2, 3, 4, 5], { id2label: 3 }]) {
      await Deno.writeTextFile(names, JSON.stringify(content));
      const out = join(folder, "none");
      const args = ["dit", "--ckpt", checkpoint, "--num_heads=2", "-o", out];
      const { error } = await convert(...args, "--class_names", names);
      assert.match(error!.message, /--class_names .* names from 0 on, the model has 5 classes$/);
    }
  }));

Deno.test("runConvert() refuses bad input with one line and writes nothing", () =>
  withCheckpoint(async (folder, checkpoint) => {
    const out = join(folder, "model");
    const text = join(folder, "text.pt");
    await Deno.writeTextFile(text, "not a checkpoint, but long enough to be looked at closely");
    const base = ["dit", "-o", out, "--ckpt"];
    const vae4 = join(folder, "vae");
    await Deno.mkdir(vae4);
    const cases: [args: string[], code: number, message: RegExp][] = [
      [[], 2, /no first word, wanted dit, sd or triton/],
      [["sdxl"], 2, /"sdxl", wanted dit, sd or triton/],
      [["triton", "-o", folder], 2, /convert triton needs --model_path/],
      [["triton", "-m", folder, "--ckpt", "x"], 2, /--checkpoint_path has no effect on convert tr/],
      [["dit", "-m", folder], 2, /--model_path has no effect on convert dit/],
      [["triton", "-m", folder, "-o", folder], 3, /E_MODEL|lacks model_index.json/],
      [["dit"], 2, /needs --checkpoint_path/],
      [["dit", "--ckpt", checkpoint], 2, /needs --output_path/],
      [[...base, join(folder, "none.pt")], 2, /--checkpoint_path .*none\.pt cannot be read/],
      [[...base, folder], 2, /--checkpoint_path .* cannot be read/],
      [[...base, text], 3, /text\.pt/],
      [[...base, checkpoint], 2, /wanted --num_heads N/],
      [[...base, checkpoint, "--num_heads=3"], 2, /--num_heads is 3, wanted a divisor/],
      [[...base, checkpoint, "--fp16", "--weights=fp16"], 2, /--fp16 and --weights/],
      [[...base, checkpoint, "--num_heads=2", "--vae_path", vae4], 3, /has none of diffusion_py/],
      [[...base, checkpoint, "--num_heads=2", "--vae_path", "none"], 2, /--vae_path none cannot/],
    ];
    for (const [args, code, message] of cases) {
      const { error, lines } = await convert(...args);
      assert.equal(error?.exitCode, code, `${args}: ${error?.stack}`);
      assert.match(error!.message, message);
      assert.deepEqual(lines, []);
    }
    const left = (await files(folder)).filter((name) => name.startsWith("model"));
    assert.deepEqual(left, []);
  }));

for (const [name, flag] of Object.entries(convertFlags())) {
  Deno.test(`runConvert() refuses bad values of --${name}`, async () => {
    const bad = flag.type === "boolean" ? "yes" : flag.type === "integer" ? "1.5" : "";
    if (name === "help" || name === "version") return;
    const { error } = await convert("dit", `--${name}=${bad}`);
    assert.ok(error instanceof UsageError, String(error));
    assert.match(error.message, new RegExp(`--${name} `));
  });
}

/** A child that may write files of at most this many KiB, as if the disk were full then. */
async function limited(kib: number, folder: string, args: readonly string[]) {
  const deno = [Deno.execPath(), "run", "--no-prompt", `--allow-read=${folder},${VAE}`];
  const command = [...deno, `--allow-write=${folder}`, `${ROOT}scripts/convert.ts`, ...args];
  const { code, stderr } = await new Deno.Command("bash", {
    args: ["-c", `trap "" XFSZ; ulimit -f ${kib}; exec "$@"`, "bash", ...command],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  return { code, stderr: new TextDecoder().decode(stderr).trim() };
}

Deno.test("convert needs only read and write, and exits with 5 on a full disk, leaving nothing", () =>
  withCheckpoint(async (folder, checkpoint) => {
    const out = join(folder, "model");
    const args = ["dit", "--ckpt", checkpoint, "--num_heads=2", "--vae_path", VAE, "-o", out];
    const full = await limited(40, folder, args);
    assert.equal(full.code, 5, full.stderr);
    assert.match(full.stderr, /^parataa: E_IO: cannot write .*model\.safetensors \(\d+ bytes\): /);
    assert.deepEqual(await files(folder), ["dit.safetensors"]);
    const enough = await limited(1000, folder, args);
    assert.equal(enough.code, 0, enough.stderr);
    assert.deepEqual(await files(out), WHOLE);
  }));
