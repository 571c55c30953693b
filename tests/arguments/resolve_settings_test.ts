import assert from "node:assert/strict";
import { join } from "node:path";
import { imageText } from "../../src/runs/image_text.ts";
import { mergeArgumentsFrom } from "../../src/arguments/args_from.ts";
import { parseFlags } from "../../src/arguments/parse_flags.ts";
import { givenSettings, recordArguments } from "../../src/arguments/record.ts";
import { asFlag } from "../../src/arguments/setting_names.ts";
import { resolveSettings, type ValidatedSettings } from "../../src/arguments/resolve_settings.ts";
import { TASKS } from "../../src/arguments/tasks.ts";
import { METHODS, SOLVER_FLAGS } from "../../src/arguments/methods.ts";
import { FormatError, UsageError } from "../../src/errors.ts";
import { insertPngText, readPngText } from "../../src/images/png_text.ts";
import { encodePng } from "../../src/images/encode_png.ts";
import { withTempFolder } from "../support/temp_folder.ts";

/** Reads a command line of `dit`: errors name flags, and values go by them. */
async function readDit(args: string[]): Promise<ValidatedSettings & { values: Values }> {
  const { values, given: names } = parseFlags(TASKS.dit.flags, args);
  const { args_from: file } = values;
  const given = givenSettings("dit", values, names);
  try {
    const merged = typeof file === "string"
      ? (await mergeArgumentsFrom(file, given)).settings
      : given;
    const resolved = resolveSettings(merged);
    return { ...resolved, values: recordArguments(resolved.settings, "all") };
  } catch (error) {
    if (error instanceof UsageError) error.respell(asFlag);
    throw error;
  }
}

type Values = ReturnType<typeof recordArguments>;

const SOLVER_VALUES: Record<string, string> = {
  preset: "exact",
  window_size: "5",
  order: "3",
  memory_size: "3",
  tol1: "0.1",
  tol2: "0.1",
  max_steps: "4",
  compat: "official",
};

Deno.test("resolveSettings() refuses solver flags that the method does not use", async () => {
  for (const method of METHODS) {
    for (const [name, value] of Object.entries(SOLVER_VALUES)) {
      const solver = method === "own" ? ["--solver=examples/own_solver.ts"] : [];
      const read = readDit([`--method=${method}`, ...solver, `--${name}=${value}`]);
      if (SOLVER_FLAGS[method].includes(name)) await read;
      else {
        await assert.rejects(read, (error: Error) => {
          assert.ok(error instanceof UsageError);
          assert.equal(error.message, `--${name} is not used by --method ${method}`);
          return true;
        });
      }
    }
  }
});

Deno.test("resolveSettings() draws a seed for -1 and records the drawn one", async () => {
  const seeds = new Set<number>();
  for (let i = 0; i < 4; i++) {
    const { settings: { seed } } = await readDit(["--seed=-1"]);
    assert.ok(seed >= 0 && seed < 2 ** 32);
    seeds.add(seed);
  }
  assert.ok(seeds.size > 1);
});

/** A manifest and an image that record the same run. */
async function record(folder: string, args: string[]): Promise<{ manifest: string; png: string }> {
  const { settings } = await readDit(args);
  const manifest = join(folder, "manifest.json");
  await Deno.writeTextFile(
    manifest,
    JSON.stringify({ arguments: recordArguments(settings, "all") }),
  );
  const png = join(folder, "step_3.png");
  const plain = encodePng({ width: 2, height: 2, data: new Uint8Array(12) });
  const text = imageText({
    script: "parallel_dit",
    prompt: "3 (cat face)",
    arguments: recordArguments(settings, "result"),
    model: "tiny",
    modelSha256: "0".repeat(64),
    seed: 0,
    size: { width: 2, height: 2 },
    sample: 0,
    step: 3,
  });
  await Deno.writeFile(png, insertPngText(plain, text));
  return { manifest, png };
}

Deno.test("resolveSettings() reads the arguments of a manifest or an image, which flags override", () =>
  withTempFolder(async (folder) => {
    const args = [
      "--seed=7",
      "--timesteps=20",
      "--method=parataa",
      "--memory_size=3",
      "--class_labels=a,b",
      "--disable_image_metadata",
    ];
    const { manifest, png } = await record(folder, [...args, "--batch_size=9"]);
    const { values: original } = await readDit(args);
    for (const source of [manifest, png]) {
      const { values, given } = await readDit(["--args_from", source, "--seed", "8"]);
      assert.deepEqual(
        { ...values, batch_size: null },
        { ...original, seed: 8, batch_size: null },
      );
      assert.equal(values.batch_size, source === manifest ? 9 : null);
      assert.ok(given.has("classLabels"));
    }
  }));

Deno.test("resolveSettings() does not apply recorded solver flags to another method", () =>
  withTempFolder(async (folder) => {
    const { manifest } = await record(folder, [
      "--method=parataa",
      "--memory_size=3",
      "--window_size=5",
    ]);
    const { settings } = await readDit(["--args_from", manifest, "--method=sequential"]);
    assert.equal(settings.method, "sequential");
    assert.equal(settings.windowSize, 100);
  }));

Deno.test("resolveSettings() names the fault of the file of --args_from", () =>
  withTempFolder(async (folder) => {
    const write = async (name: string, content: string | Uint8Array) => {
      const path = join(folder, name);
      await Deno.writeFile(
        path,
        typeof content === "string" ? new TextEncoder().encode(content) : content,
      );
      return path;
    };
    const bare = encodePng({ width: 1, height: 1, data: new Uint8Array(3) });
    const cases: [string, typeof UsageError | typeof FormatError, RegExp][] = [
      [join(folder, "nosuch"), UsageError, /--args_from .*nosuch cannot be read/],
      [await write("bare.png", bare), UsageError, /holds no arguments/],
      [await write("list.json", "[1]"), UsageError, /holds no arguments/],
      [await write("cut.json", '{"arguments": {'), FormatError, /cut\.json.*line 1/],
      [await write("cut.png", bare.subarray(0, 40)), FormatError, /cut\.png/],
      [
        await write("range.json", '{"arguments": {"eta": 2}}'),
        UsageError,
        /--eta is "2" but takes/,
      ],
      [
        await write("name.json", '{"arguments": {"foo": 2}}'),
        UsageError,
        /name "foo", which is not a flag/,
      ],
      [
        await write("object.json", '{"arguments": {"seed": {"a": 1}}}'),
        UsageError,
        /arguments have \{"a":1\} for seed, wanted a whole number, -1, or 0-/,
      ],
      [
        await write("list_of_one.json", '{"arguments": {"timesteps": [4]}}'),
        UsageError,
        /arguments have \[4\] for timesteps/,
      ],
      [
        await write("switch.json", '{"arguments": {"fp16": "no"}}'),
        UsageError,
        /arguments have "no" for fp16, wanted true or false/,
      ],
      [
        await write("script.json", '{"script": {}, "arguments": {}}'),
        UsageError,
        /was written by \{\}, this is parallel_dit/,
      ],
    ];
    for (const [file, kind, message] of cases) {
      await assert.rejects(readDit(["--args_from", file]), (error: Error) => {
        assert.ok(error instanceof kind, `${file}: ${error}`);
        assert.match(error.message, message);
        return true;
      });
    }
  }));

Deno.test("recordArguments() omits execution flags from images, and unused solver flags everywhere", async () => {
  const { settings } = await readDit([
    "--batch_size=2",
    "--threads=1",
    "--method=fixed_point",
  ]);
  const all = recordArguments(settings, "all");
  const result = recordArguments(settings, "result");
  assert.equal(all.batch_size, 2);
  assert.equal(all.memory_size, null);
  for (
    const name of [
      "batch_size",
      "threads",
      "output_path",
      "quiet",
      "provider",
      "model_path",
      "vae_path",
    ]
  ) {
    assert.ok(!(name in result), name);
  }
  for (const name of ["seed", "timesteps", "method"]) assert.ok(name in result, name);
  assert.equal(all.model_path, "models/dit-emoji");
});

Deno.test("imageText() writes A1111's parameters and parataa's own chunk", async () => {
  const { settings } = await readDit([]);
  const text = imageText({
    script: "parallel_dit",
    prompt: "3 (cat face)",
    arguments: recordArguments(settings, "result"),
    model: "tiny",
    modelSha256: "0".repeat(64),
    seed: 0,
    size: { width: 64, height: 64 },
    sample: 1,
    step: 2,
  });
  const png = insertPngText(
    encodePng({ width: 1, height: 1, data: new Uint8Array(3) }),
    text,
  );
  const read = readPngText(png);
  assert.match(
    read.get("parameters")!,
    /^3 \(cat face\)\nSteps: 100, Sampler: DDIM tqn, CFG scale: 4, Seed: 0, Size: 64x64, Model: tiny/,
  );
  const own = JSON.parse(read.get("parataa")!);
  assert.equal(own.sample, 1);
  assert.equal(own.arguments.timesteps, 100);
});
