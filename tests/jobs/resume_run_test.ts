import assert from "node:assert/strict";
import { join } from "node:path";
import { Interrupted } from "../../src/cli/main.ts";
import { FormatError, MismatchError, NumericalError, UsageError } from "../../src/errors.ts";
import { readFinishedRun } from "../../src/runs/finished_run.ts";
import type { Manifest } from "../../src/runs/manifest.ts";
import { writeNpy } from "../../src/formats/npy/npy.ts";
import { interruptAfter } from "../support/interrupt.ts";
import { lasting, readManifest, readSample, runQuietly } from "../support/sampling.ts";
import { copyFolder, withTempFolder } from "../support/temp_folder.ts";
import { type TinyDitOptions, writeTinyDit } from "../support/tiny_dit.ts";

/** A tiny model, and a run of it that is stopped. */
class Bench {
  constructor(readonly folder: string) {}

  sample(args: readonly string[], signal?: AbortSignal): Promise<string> {
    const paths = ["-m", join(this.folder, "tiny-dit"), "-o", join(this.folder, "out")];
    return runQuietly("dit", [...paths, "--timesteps=8", ...args], signal);
  }

  resume(run: string, args: readonly string[] = [], signal?: AbortSignal): Promise<string> {
    return runQuietly("dit", ["--resume", run, ...args], signal);
  }

  /** The newest run's folder. */
  newest(): string {
    const names = [...Deno.readDirSync(join(this.folder, "out"))].map(({ name }) => name);
    return join(this.folder, "out", names.sort(byNumber).at(-1)!);
  }

  /** A run of two samples that was stopped in its second one, and what it would have become. */
  async stopped(args: readonly string[] = []): Promise<{ run: string; wanted: Manifest }> {
    const all = ["--num_samples=2", "--window_size=3", "--seed=4", ...args];
    const wanted = await readManifest(await this.sample(all));
    const records = wanted.samples[0].rounds + 2;
    assert.ok(await interruptAfter(records, (signal) => this.sample(all, signal)));
    return { run: this.newest(), wanted };
  }
}

function withModel<T>(options: TinyDitOptions, test: (bench: Bench) => Promise<T>): Promise<T> {
  return withTempFolder(async (folder) => {
    await writeTinyDit(folder, options);
    return await test(new Bench(folder));
  });
}

/** Runs of one second are told apart by a number. */
const byNumber = (a: string, b: string) => a.localeCompare(b, undefined, { numeric: true });

const hiddenFiles = (run: string) =>
  [...Deno.readDirSync(run), ...Deno.readDirSync(join(run, "sample_0"))]
    .map(({ name }) => name).filter((name) => name.startsWith("."));

for (const method of ["tqn", "parataa", "fixed_point", "sequential"]) {
  Deno.test(`--resume completes a ${method} run with the same bytes, wherever it was stopped`, () =>
    withModel({}, async (bench) => {
      const args = [`--method=${method}`, "--num_samples=2", "--eta=0.5", "--seed=4"];
      if (method !== "sequential") args.push("--window_size=3");
      const wanted = await readManifest(await bench.sample(args));
      for (let records = 1;; records += 6) {
        const stopped = await interruptAfter(records, (signal) => bench.sample(args, signal));
        if (!stopped) {
          assert.ok(records > 6, `${records} records`);
          break;
        }
        const run = bench.newest();
        assert.equal((await readManifest(run)).status, "interrupted");
        assert.equal(await bench.resume(run), run);
        assert.deepEqual(lasting(await readFinishedRun(run)), lasting(wanted));
        assert.deepEqual(hiddenFiles(run), []);
      }
    }));
}

Deno.test("--resume works after repeated stops", () =>
  withModel({}, async (bench) => {
    const { run, wanted } = await bench.stopped();
    for (const records of [1, 1]) {
      assert.ok(await interruptAfter(records, (signal) => bench.resume(run, [], signal)));
    }
    await bench.resume(run);
    assert.deepEqual(lasting(await readFinishedRun(run)), lasting(wanted));
    assert.equal((await readManifest(run)).resumed?.length, 3);
  }));

Deno.test("--resume keeps finished samples and evaluates no recorded round again", () =>
  withModel({}, async (bench) => {
    const { run } = await bench.stopped();
    const before = (await Deno.stat(join(run, "sample_0/trajectory.safetensors"))).mtime;
    const { samples } = await readManifest(run);
    assert.equal(samples.length, 1);
    await bench.resume(run);
    const after = (await Deno.stat(join(run, "sample_0/trajectory.safetensors"))).mtime;
    assert.deepEqual(after, before);
    const resumed = await readManifest(run);
    assert.deepEqual(resumed.samples[0], samples[0]);
  }));

Deno.test("--resume restarts the sample if --no_checkpoint kept no log", () =>
  withModel({}, async (bench) => {
    const args = ["--num_samples=2", "--no_checkpoint"];
    const wanted = await readManifest(await bench.sample(args));
    const controller = new AbortController(), rename = Deno.rename;
    Deno.rename = async (from, to) => {
      await rename(from, to);
      if (String(to).includes("sample_0")) controller.abort(new Interrupted(130));
    };
    try {
      await assert.rejects(bench.sample(args, controller.signal), Interrupted);
    } finally {
      Deno.rename = rename;
    }
    const run = bench.newest();
    assert.deepEqual(hiddenFiles(run), []);
    assert.equal(await bench.resume(run), run);
    assert.deepEqual(lasting(await readFinishedRun(run)), lasting(wanted));
  }));

Deno.test("--resume repeats a warm start and its comparison", () =>
  withTempFolder(async (folder) => {
    const args = ["-o", folder, "--timesteps=4", "--variation_steps=3", "--compare_scratch"];
    const wanted = await readManifest(await runQuietly("sd-winit", args));
    const records = wanted.samples[0].rounds + 1;
    assert.ok(await interruptAfter(records, (signal) => runQuietly("sd-winit", args, signal)));
    const names = [...Deno.readDirSync(folder)].map(({ name }) => name).sort(byNumber);
    const run = join(folder, names.at(-1)!);
    assert.equal((await readManifest(run)).samples.length, 1);
    await runQuietly("sd-winit", ["--resume", run]);
    assert.deepEqual(lasting(await readFinishedRun(run)), lasting(wanted));
  }));

Deno.test("--resume evaluates non-finite noise again", () =>
  withModel({ nanAt: 0 }, async (bench) => {
    await assert.rejects(bench.sample(["--num_samples=1", "--window_size=2"]), NumericalError);
    const run = bench.newest();
    await assert.rejects(bench.resume(run), NumericalError);
    assert.equal((await readManifest(run)).status, "failed");
  }));

Deno.test("--resume of a complete run checks it and does nothing", () =>
  withModel({}, async (bench) => {
    const run = await bench.sample(["--num_samples=1"]);
    const before = await Deno.readTextFile(join(run, "manifest.json"));
    assert.equal(await bench.resume(run), run);
    assert.equal(await Deno.readTextFile(join(run, "manifest.json")), before);
    assert.deepEqual(hiddenFiles(run), []);
    await Deno.writeTextFile(join(run, "sample_0/step_1.png"), "damaged");
    await assert.rejects(bench.resume(run), /step_1\.png is damaged/);
  }));

Deno.test("--resume refuses flags that change the result, and accepts others", () =>
  withModel({}, async (bench) => {
    const { run, wanted } = await bench.stopped();
    const refusals: [string[], new (...args: never[]) => Error, RegExp][] = [
      [["--seed=5"], MismatchError, /--seed is 5, the run in .* has 4/],
      [["--method=parataa"], MismatchError, /--method is "parataa", the run in .* has "tqn"/],
      [["--class_labels=1"], MismatchError, /--class_labels is "1", the run in .* has null/],
      [["--args_from=x"], UsageError, /--args_from is not used with --resume/],
      [["--output_path=x"], UsageError, /--output_path is not used with --resume/],
      [["--plan"], UsageError, /--plan is not used with --resume/],
    ];
    const before = await Deno.readTextFile(join(run, "manifest.json"));
    for (const [args, kind, message] of refusals) {
      await assert.rejects(bench.resume(run, args), (error: Error) => {
        assert.ok(error instanceof kind, String(error));
        assert.match(error.message, message);
        return true;
      });
    }
    assert.equal(await Deno.readTextFile(join(run, "manifest.json")), before);
    await bench.resume(run, ["--seed=4", "--threads=1", "--batch_size=2"]);
    assert.deepEqual(lasting(await readFinishedRun(run)), lasting(wanted));
    const { resumed } = await readManifest(run);
    assert.deepEqual(resumed?.map((entry) => entry.arguments), [{ threads: 1, batch_size: 2 }]);
  }));

Deno.test("--resume names the inputs that changed after the start of the run", () =>
  withModel({}, async (bench) => {
    const noise = join(bench.folder, "noise.npy");
    const source = await readSample(await bench.sample(["--num_samples=1"]));
    await Deno.writeFile(noise, writeNpy([9, 4, 4, 4], source.noise));
    const { run } = await bench.stopped([`--noise_path=${noise}`]);
    const changes: [string, (manifest: Manifest) => unknown, RegExp][] = [
      ["version", (m) => m.versions.parataa = "0.0.0", /parataa's version is/],
      ["solver", (m) => delete m.versions.solver, /the solver's revision is \d+, .* has not noted/],
      ["provider", (m) => m.provider = "cuda", /the provider is cpu, the run in .* has cuda/],
      ["library", (m) => m.library.sha256 = "0".repeat(64), /libonnxruntime.*has 000000000000/],
      ["script", (m) => m.script = "parallel_sd", /is a run of parallel_sd, this is parallel_dit/],
      [
        "model",
        (m) => m.model.files["transformer/model.onnx"].sha256 = "0".repeat(64),
        /transformer\/model\.onnx is .* has 000000000000/,
      ],
    ];
    for (const [name, change, message] of changes) {
      const copy = join(bench.folder, name);
      await copyFolder(run, copy);
      const manifest = await readManifest(copy);
      change(manifest);
      await Deno.writeTextFile(join(copy, "manifest.json"), JSON.stringify(manifest));
      await assert.rejects(bench.resume(copy), (error: Error) => {
        assert.ok(error instanceof MismatchError, `${name}: ${error}`);
        assert.match(error.message, message);
        return true;
      });
    }
    await Deno.writeFile(noise, writeNpy([9, 4, 4, 4], source.noise.map((x) => x + 1)));
    await assert.rejects(bench.resume(run), /--noise_path .*noise\.npy is .*, the run in/);
  }));

Deno.test("--resume names a damaged or missing file of a finished sample", () =>
  withModel({}, async (bench) => {
    const { run } = await bench.stopped();
    const file = join(run, "sample_0/step_1.png");
    await Deno.writeTextFile(file, "damaged");
    await assert.rejects(bench.resume(run), (error: Error) => {
      assert.ok(error instanceof FormatError && error.message.includes(`${file} is damaged`));
      return true;
    });
    await Deno.remove(file);
    await assert.rejects(bench.resume(run), /step_1\.png is missing/);
    await assert.rejects(bench.resume(bench.folder), UsageError);
    await assert.rejects(bench.resume(join(bench.folder, "nosuch")), UsageError);
  }));

Deno.test("--resume removes partial files of a killed process, and follows no link", () =>
  withModel({}, async (bench) => {
    const { run, wanted } = await bench.stopped();
    const outside = join(bench.folder, "outside");
    await Deno.writeTextFile(outside, "untouched");
    await Deno.writeTextFile(join(run, ".manifest.json.tmp-1"), "{");
    await Deno.writeTextFile(join(run, "sample_1/.step_0.png.tmp-12"), "half");
    await Deno.writeTextFile(join(run, "sample_0/.rounds.log"), "a log that is not needed");
    await Deno.symlink(outside, join(run, "sample_1/step_0.png"));
    await Deno.symlink(outside, join(run, "sample_1/.contact_sheet.png.tmp-7"));
    await bench.resume(run);
    assert.deepEqual(lasting(await readFinishedRun(run)), lasting(wanted));
    assert.deepEqual([...hiddenFiles(run)], []);
    assert.equal(await Deno.readTextFile(outside), "untouched");
  }));
