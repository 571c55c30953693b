import assert from "node:assert/strict";
import { join } from "node:path";
import { imageText } from "../../src/jobs/image_text.ts";
import { readArguments, recordArguments } from "../../src/arguments/read_arguments.ts";
import { ditFlags } from "../../src/arguments/dit_flags.ts";
import { METHODS, SOLVER_FLAGS } from "../../src/arguments/script_flags.ts";
import { FormatError, UsageError } from "../../src/errors.ts";
import { insertPngText, readPngText } from "../../src/formats/image/png_text.ts";
import { encodePng } from "../../src/images/encode_png.ts";
import { withTempFolder } from "../support/temp_folder.ts";

const table = ditFlags();

const readDit = (flags: typeof table, args: string[]) =>
  readArguments(flags, args, { script: "parallel_dit" });

const SOLVER_VALUES: Record<string, string> = {
  window_size: "5",
  order: "3",
  memory_size: "3",
  tol1: "0.1",
  tol2: "0.1",
  max_steps: "4",
  compat: "official",
};

Deno.test("readArguments() refuses solver flags that the method does not use", async () => {
  for (const method of METHODS) {
    for (const [name, value] of Object.entries(SOLVER_VALUES)) {
      const read = readDit(table, [`--method=${method}`, `--${name}=${value}`]);
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

Deno.test("readArguments() draws a seed for -1 and records the drawn one", async () => {
  const seeds = new Set<number>();
  for (let i = 0; i < 4; i++) {
    const { values } = await readDit(table, ["--seed=-1"]);
    assert.ok(values.seed >= 0 && values.seed < 2 ** 32);
    seeds.add(values.seed);
  }
  assert.ok(seeds.size > 1);
});

/** A manifest and an image that record the same run. */
async function record(folder: string, args: string[]): Promise<{ manifest: string; png: string }> {
  const { values } = await readDit(table, args);
  const manifest = join(folder, "manifest.json");
  await Deno.writeTextFile(
    manifest,
    JSON.stringify({ arguments: recordArguments(table, values, "all") }),
  );
  const png = join(folder, "step_3.png");
  const plain = encodePng({ width: 2, height: 2, data: new Uint8Array(12) });
  const text = imageText({
    script: "parallel_dit",
    prompt: "3 (cat face)",
    arguments: recordArguments(table, values, "result"),
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

Deno.test("readArguments() takes the arguments of a manifest or an image; flags beside it win", () =>
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
    const { values: original } = await readDit(table, args);
    for (const source of [manifest, png]) {
      const { values, given } = await readDit(table, ["--args_from", source, "--seed", "8"]);
      assert.deepEqual(
        { ...values, args_from: undefined, batch_size: undefined },
        { ...original, seed: 8, args_from: undefined, batch_size: undefined },
      );
      assert.equal(values.batch_size, source === manifest ? 9 : undefined);
      assert.ok(given.has("class_labels"));
    }
  }));

Deno.test("readArguments() does not hand one method's solver flags to another", () =>
  withTempFolder(async (folder) => {
    const { manifest } = await record(folder, [
      "--method=parataa",
      "--memory_size=3",
      "--window_size=5",
    ]);
    const { values } = await readDit(table, ["--args_from", manifest, "--method=sequential"]);
    assert.equal(values.method, "sequential");
    assert.equal(values.window_size, 100);
  }));

Deno.test("readArguments() says what is wrong with the file of --args_from", () =>
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
        /name "foo", which is no flag/,
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
      await assert.rejects(readDit(table, ["--args_from", file]), (error: Error) => {
        assert.ok(error instanceof kind, `${file}: ${error}`);
        assert.match(error.message, message);
        return true;
      });
    }
  }));

Deno.test("recordArguments() keeps execution flags out of images and unused solver flags out of both", async () => {
  const { values } = await readDit(table, [
    "--batch_size=2",
    "--threads=1",
    "--method=fixed_point",
  ]);
  const all = recordArguments(table, values, "all");
  const result = recordArguments(table, values, "result");
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

Deno.test("imageText() writes A1111's parameters and our own chunk", async () => {
  const { values } = await readDit(table, []);
  const text = imageText({
    script: "parallel_dit",
    prompt: "3 (cat face)",
    arguments: recordArguments(table, values, "result"),
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
