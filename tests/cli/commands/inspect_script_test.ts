import assert from "node:assert/strict";
import { join } from "node:path";
import { runInspect } from "../../../src/cli/commands/inspect_script.ts";
import type { Report } from "../../../src/diagnostics/inspect/report.ts";
import { FormatError, ModelError, UnsafePickleError, UsageError } from "../../../src/errors.ts";
import { writeNpy } from "../../../src/formats/npy/npy.ts";
import { writeSafetensors } from "../../../src/formats/safetensors/safetensors.ts";
import { checkpointOf, global, pickleOf, text } from "../../support/checkpoint_builder.ts";
import { addModel } from "../../support/models.ts";
import { runScript } from "../../support/run_script.ts";
import { runQuietly } from "../../support/sampling.ts";
import { withTempFolder } from "../../support/temp_folder.ts";
import { tinyDitModel, writeTinyDit } from "../../support/tiny_dit.ts";

const FIXTURES = "tests/fixtures";

type Event = Report & { event: string; sound: boolean };

/** Runs `inspect` in this process; returns the lines that it printed and what it threw. */
async function printed(args: string[]): Promise<{ lines: string[]; error: unknown }> {
  const { log } = console;
  let text = "";
  console.log = (line: string) => text += `${line}\n`;
  const error = await runInspect(args, new AbortController().signal)
    .catch((error) => error)
    .finally(() => console.log = log);
  return { lines: text.split("\n").slice(0, -1), error };
}

async function inspect(...args: string[]): Promise<{ report?: Event; error: unknown }> {
  const { lines, error } = await printed([...args, "--json"]);
  return { report: lines.length ? JSON.parse(lines[0]) : undefined, error };
}

async function sound(...args: string[]): Promise<Event> {
  const { report, error } = await inspect(...args);
  assert.equal(error, undefined, String(error));
  assert.equal(report?.sound, true);
  return report!;
}

Deno.test("inspect shows the steps and the shift of a flow", async () => {
  const { vae, steps, shift, predicts } = (await sound("models/flow-emoji")).facts;
  assert.deepEqual({ vae, steps, shift, predicts }, {
    ...{
      vae: `shared, ${join("models", "dit-emoji")}`,
      steps: "flow_euler",
      shift: "3",
      predicts: "flow",
    },
  });
});

Deno.test("inspect reads a file with only the permission to read that file", async () => {
  for (
    const [file, what] of [["checkpoint.pt", "PyTorch checkpoint"], [
      "diffusers_parity.safetensors",
      "safetensors file",
    ]]
  ) {
    const path = `${FIXTURES}/${file}`;
    const { code, stdout, stderr } = await runScript("scripts/inspect.ts", [path], {
      permissions: [`--allow-read=${path}`],
    });
    assert.equal(code, 0, stderr);
    assert(stdout.startsWith(`${path}: ${what}\n`), stdout);
    const without = await runScript("scripts/inspect.ts", [path], {
      permissions: ["--allow-read=models"],
    });
    assert.equal(without.code, 4, without.stderr);
    assert.match(without.stderr, /^parataa: E_PERMISSION: cannot read .*--allow-read/);
  }
});

Deno.test("runInspect() describes a checkpoint: state dict, types and hash", async () => {
  const report = await sound(`${FIXTURES}/training_checkpoint.pt`, "--tensors");
  assert.equal(report.kind, "pytorch");
  assert.equal(report.facts["state dict"], "ema");
  assert.equal(report.facts.dtypes, "F32 6, I64 1");
  assert.deepEqual(report.tensors?.[0], { name: "0.weight", dtype: "F32", shape: [2, 3] });
  assert.match(report.files[0].sha256!, /^[0-9a-f]{64}$/);
  const other = await sound(`${FIXTURES}/training_checkpoint.pt`, "--part=model", "--no-hash");
  assert.equal(other.facts["state dict"], "model");
  assert.equal(other.files[0].sha256, undefined);
  assert.equal(other.tensors, undefined);
});

Deno.test("runInspect() distinguishes safetensors, shards, npy, images and JSON", () =>
  withTempFolder(async (folder) => {
    const write = async (name: string, bytes: Uint8Array) => {
      await Deno.writeFile(join(folder, name), bytes);
      return join(folder, name);
    };
    const tensors = writeSafetensors(
      new Map([["x", { dtype: "F32", shape: [1], data: Float32Array.of(1) }]]),
      new Map([["seed", "7"]]),
    );
    const plain = await sound(await write("x.safetensors", tensors));
    assert.deepEqual([plain.kind, plain.facts["meta seed"]], ["safetensors", "7"]);
    const index = new TextEncoder().encode('{"weight_map":{"x":"x.safetensors"}}');
    const sharded = await sound(await write("model.safetensors.index.json", index));
    assert.equal(sharded.kind, "sharded");
    assert.equal(sharded.files.length, 2);
    const npy = await sound(await write("x.npy", writeNpy([2], Float32Array.of(1, 2))));
    assert.deepEqual([npy.kind, npy.facts.shape], ["npy", "[2]"]);
    assert.equal((await sound("output/samples/dit-emoji-64.png")).kind, "png");
    assert.equal((await sound("deno.json")).kind, "json");
    const bad = await inspect(await write("nan.npy", writeNpy([2], Float32Array.of(1, NaN))));
    assert.match(String(bad.error), /1 elements are NaN or infinite/);
  }));

Deno.test("runInspect() validates the networks of every layout against their contracts", async () => {
  for await (const { name } of Deno.readDir(`${FIXTURES}/layouts`)) {
    const report = await sound(`${FIXTURES}/layouts/${name}`, "--no-hash");
    const unet = report.parts!.find(({ path }) => path.includes("/unet/"))!;
    assert.equal(unet.contract?.met, true, name);
    const patched = /patched in memory/.test(unet.contract!.why ?? "");
    assert.equal(patched, /scalar|ort_demo/.test(name), name);
    const one = /one for the whole batch/.test(String(unet.facts.timestep));
    assert.equal(one, patched, name);
    assert.equal(/frozen at 2/.test(unet.contract!.why ?? ""), name === "webnn_frozen", name);
    assert.equal(unet.files.length > 1, unet.facts["external data"] !== null, name);
  }
});

Deno.test("runInspect() describes an unsuitable network before the reason", () =>
  withTempFolder(async (folder) => {
    const path = join(folder, "model.onnx");
    const refused = async (bytes: Uint8Array, wanted: RegExp) => {
      await Deno.writeFile(path, bytes);
      const { report, error } = await inspect(path);
      assert.equal(report?.sound, false);
      assert.equal(report.contract?.met, false);
      assert(error instanceof ModelError, String(error));
      assert.match(error.message, wanted);
    };
    await refused(
      tinyDitModel({ sampleName: "latent" }),
      /has inputs latent .*, wanted inputs sample, timestep, class_labels/,
    );
    await refused(tinyDitModel({ timestepType: "bool" }), /timestep is bool, wanted one of/);
    await Deno.writeFile(path, addModel());
    assert.equal((await sound(path)).contract, undefined);
  }));

Deno.test("runInspect() names external data that are missing, short or behind a link", () =>
  withTempFolder(async (folder) => {
    const from = `${FIXTURES}/layouts/optimum_scalar/unet`;
    await Deno.copyFile(`${from}/model.onnx`, join(folder, "model.onnx"));
    const fails = async (wanted: RegExp) => {
      const { report, error } = await inspect(folder);
      assert.equal(report?.sound, false);
      assert.match(String(error), wanted);
    };
    await fails(/external data "model\.onnx_data" .*: no such file/);
    await Deno.writeFile(join(folder, "model.onnx_data"), new Uint8Array(10));
    await fails(/10 bytes, wanted at least/);
    await Deno.remove(join(folder, "model.onnx_data"));
    await Deno.symlink(join(Deno.cwd(), from, "model.onnx_data"), join(folder, "model.onnx_data"));
    await fails(/is a symbolic link/);
  }));

Deno.test("runInspect() suggests convert for a model without ONNX networks", () =>
  withTempFolder(async (folder) => {
    await Deno.writeTextFile(join(folder, "model_index.json"), '{"_class_name":"DiTPipeline"}');
    const { error: empty } = await inspect(folder);
    assert.match(String(empty), /no networks in its folders/);
    await Deno.mkdir(join(folder, "transformer"));
    await Deno.writeFile(join(folder, "transformer", "weights.bin"), checkpointOf());
    const { report, error } = await inspect(folder);
    assert.equal(report?.parts?.[0].kind, "pytorch");
    assert.match(
      String(error),
      /none of its networks is ONNX - `convert dit` and `convert sd` make/,
    );
    await Deno.mkdir(join(folder, "vae_decoder"));
    await Deno.writeTextFile(join(folder, "vae_decoder", "model.onnx"), "cut short");
    assert.doesNotMatch(String((await inspect(folder)).error), /none of its networks is ONNX/);
  }));

Deno.test("runInspect() describes a run, and names a changed file of it", () =>
  withTempFolder(async (folder) => {
    const model = await writeTinyDit(folder);
    const run = await runQuietly("dit", [
      "-m",
      model,
      "-o",
      join(folder, "out"),
      "--timesteps=4",
      "--num_samples=1",
    ]);
    const report = await sound(run);
    assert.equal(report.kind, "run");
    assert.equal(report.facts.samples, 1);
    await Deno.writeTextFile(join(run, "args.txt"), "other");
    assert.match(String((await inspect(run)).error), /args\.txt is damaged/);
  }));

Deno.test("runInspect() refuses a damaged file with its format's error, and unknown files", () =>
  withTempFolder(async (folder) => {
    const path = join(folder, "x");
    const refused = async (bytes: Uint8Array, kind: typeof FormatError, wanted: RegExp) => {
      await Deno.writeFile(path, bytes);
      const { report, error } = await inspect(path);
      assert.equal(report, undefined);
      assert(error instanceof kind, String(error));
      assert.match(error.message, wanted);
    };
    const unsafe = checkpointOf(pickleOf(global("os", "system"), text("id"), "\x85R"));
    await refused(unsafe, UnsafePickleError, /holds the result of calling "os\.system"/);
    await refused(checkpointOf().slice(0, -1), FormatError, /no end of a zip directory/);
    await refused(pickleOf("}"), FormatError, /a bare pickle/);
    await refused(new Uint8Array(0), FormatError, /an empty file/);
    const truncated = join(folder, "x.safetensors");
    await Deno.writeFile(truncated, Uint8Array.of(60, 0, 0, 0, 0, 0, 0, 0));
    const { error } = await inspect(truncated);
    assert(error instanceof FormatError);
    assert.match(error.message, /a damaged safetensors file: byte 0: header length 60/);
    await refused(
      new TextEncoder().encode("MIT License"),
      FormatError,
      /none of the files that inspect knows/,
    );
  }));

Deno.test("runInspect() accepts several paths between flags, and continues after a refused one", async () => {
  const [first, second] = ["models/dit-emoji", "models/sd-emoji"];
  const { lines, error } = await printed(["--no_hash", first, "nowhere", "--json", second]);
  assert.deepEqual(lines.map((line) => JSON.parse(line).path), [first, second]);
  assert(error instanceof UsageError);
  assert.equal(error.message, "there is no file or folder nowhere");
});

Deno.test("runInspect() refuses bad arguments", async () => {
  const refused = async (args: string[], wanted: RegExp) => {
    const { error } = await inspect(...args);
    assert(error instanceof UsageError, String(error));
    assert.match(error.message, wanted);
  };
  await refused([], /inspect needs a file or a folder/);
  await refused(["nowhere"], /there is no file or folder nowhere/);
  await refused(["/dev/null"], /neither a file nor a folder/);
  await refused(["models", "--tensor"], /unknown flag --tensor/);
  await assert.rejects(
    runInspect(["src"], new AbortController().signal),
    /is no folder that inspect knows/,
  );
});

Deno.test("inspect escapes control characters of a file in text, JSON and --debug", async () => {
  const files = ["terminal_escape_meta_key.safetensors", "terminal_escape_producer.onnx"];
  for (const file of files) {
    for (const more of [[], ["--json"], ["--debug"]]) {
      const { stdout, stderr } = await runScript("scripts/inspect.ts", [
        `${FIXTURES}/hostile/${file}`,
        ...more,
      ]);
      assert.match(stdout, /\\u001b\[2J/);
      assert.match(stdout + stderr, /^[\x20-\x7e\n]+$/);
    }
  }
});

Deno.test("inspect reads an npy of 20 million elements in 64 MB of V8's memory", () =>
  withTempFolder(async (folder) => {
    const path = join(folder, "wide.npy");
    const [elements, head] = [20_000_000, writeNpy([0], new Float32Array(0))];
    const text = String.fromCharCode(...head).replace("<f4", "|u1");
    const shape = text.replace(
      /\(0,\), \}( +)/,
      (found) => `(${elements},), }`.padEnd(found.length),
    );
    await Deno.writeFile(path, Uint8Array.from(shape, (char) => char.charCodeAt(0)));
    await Deno.truncate(path, head.length + elements); // zeros that take no space on disk
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-A", "--v8-flags=--max-old-space-size=64", "scripts/inspect.ts"],
        ...[path, "--no_hash"],
      ],
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    assert.match(new TextDecoder().decode(stdout), /elements +20000000/);
  }));

Deno.test("inspect prints a network with more outputs than a call can have arguments", () =>
  withTempFolder(async (folder) => {
    await Deno.mkdir(join(folder, "unet"));
    await Deno.writeTextFile(join(folder, "model_index.json"), '{"_class_name":"X"}');
    const outputs = new Uint8Array(2 * 150_000);
    for (let at = 0; at < outputs.length; at += 2) outputs[at] = 0x62; // field 12, an empty value
    const graph = [0x3a, 0xe0, 0xa7, 0x12]; // field 7 of 300,000 bytes
    await Deno.writeFile(join(folder, "unet/model.onnx"), Uint8Array.from([...graph, ...outputs]));
    const { lines, error } = await printed([folder, "--no_hash"]);
    assert.equal(error, undefined, String(error));
    assert.equal(lines.filter((line) => /^ +output /.test(line)).length, 150_000);
  }));

Deno.test("inspect of a model validates its schedule like a run, and prints it", () =>
  withTempFolder(async (folder) => {
    const write = (scheduler: Record<string, unknown>) => writeTinyDit(folder, { scheduler });
    const path = await write({ _class_name: "UniPCMultistepScheduler", beta_end: 0.03 });
    const { facts, notes } = await sound(path);
    assert.deepEqual([facts.betas, facts.spacing, facts["last step"], facts.predicts], [
      "linear, 0.0001 to 0.03 over 1000 levels",
      "respaced",
      "to no noise",
      "epsilon",
    ]);
    assert.match(notes!.join("\n"), /"linspace", taken as respaced as the official code of DiT/);
    const euler = await sound(
      await write({ _class_name: "EulerDiscreteScheduler", use_karras_sigmas: true }),
    );
    assert.deepEqual([euler.facts.steps, euler.facts.spacing], ["euler", "karras"]);
    for (const scheduler of [{ beta_end: 2 }, { timestep_spacing: "sideways" }]) {
      const { report } = await inspect(await write(scheduler));
      assert.equal(report?.sound, false);
      const [key] = Object.keys(scheduler);
      assert.match(report!.problems.join("\n"), new RegExp(`scheduler_config.json: ${key} is `));
    }
  }));

Deno.test("runInspect() lists the parts of a checkpoint and its unread globals", async () => {
  const path = "tests/fixtures/neighbours/rng.pt";
  const { report } = await inspect(path);
  assert.equal(report!.facts["state dict"], "ema");
  assert.equal(report!.facts.parts, "ema (2 tensors)");
  assert.equal(
    report!.facts["not called"],
    "numpy._core.multiarray._reconstruct, numpy.ndarray, _codecs.encode, numpy.dtype",
  );
});
