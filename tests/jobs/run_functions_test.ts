import assert from "node:assert/strict";
import { join } from "node:path";
import {
  DitPipeline,
  type DitSettings,
  Environment,
  MismatchError,
  planRun,
  rerunRun,
  resumeRun,
  type RunEvent,
  type RunSettings,
  sampleRun,
  UsageError,
  verifyRun,
} from "../../mod.ts";
import { asFlag } from "../../src/arguments/setting_names.ts";
import { lasting, outputsOf, readManifest, runQuietly } from "../support/sampling.ts";
import { withTempFolder } from "../support/temp_folder.ts";
import { writeTinyDit } from "../support/tiny_dit.ts";

/** A tiny model, and settings of a short run of two samples in a folder. */
function withModel(
  test: (model: string, settings: DitSettings & { outputPath: string }) => Promise<void>,
): Promise<void> {
  return withTempFolder(async (folder) => {
    const model = await writeTinyDit(folder), outputPath = join(folder, "out");
    await test(model, { task: "dit", numInferenceSteps: 8, numSamples: 2, seed: 4, outputPath });
  });
}

Deno.test("sampleRun() gives the command line's results, and events in order", () =>
  withModel(async (model, settings) => {
    const events: RunEvent[] = [];
    const more = {
      method: "parataa",
      windowSize: 5,
      atol: 1e-4,
      maxRounds: 7,
      threads: 1,
    } as const;
    const { path, manifest, samples, figures } = await sampleRun(
      model,
      { ...settings, ...more, classLabels: ["class b", 2] },
      { onProgress: (event) => events.push(event) },
    );
    const line = ["-m", model, "-o", settings.outputPath, "--timesteps=8", "--num_samples=2"];
    line.push("--seed=4", "--method=parataa", "--window_size=5", "--tol1=1e-4", "--max_steps=8");
    const wanted = await runQuietly("dit", [...line, "--class_labels=class b,2"]);
    assert.deepEqual(await outputsOf(path), await outputsOf(wanted));
    assert.deepEqual(manifest.arguments, (await readManifest(wanted)).arguments);
    assert.equal(figures.samples, 2);
    assert.equal(samples[1].record.condition.class_label, 2);
    assert.equal((await samples[0].trajectory()).length, 9 * 64);
    assert.deepEqual(await samples[0].latent(), (await samples[0].trajectory()).slice(0, 64));
    assert.equal((await samples[0].rounds()).length, samples[0].record.rounds);
    assert.deepEqual(await samples[0].image(), await samples[0].image(samples[0].record.rounds));
    const kinds = events.map(({ event }) => event).filter((event) => event !== "note");
    assert.deepEqual([kinds[0], kinds[1], kinds.at(-1)], ["start", "round", "sample"]);
    assert.equal(kinds.filter((kind) => kind === "sample").length, 2);
  }));

Deno.test("sampleRun() gives the same results with an open pipeline and with a model folder", () =>
  withModel(async (model, settings) => {
    const wanted = await sampleRun(model, settings);
    using env = Environment.open();
    await using pipeline = await DitPipeline.open(env, model);
    for (let i = 0; i < 2; i++) {
      const { path } = await sampleRun(pipeline, settings);
      assert.deepEqual(await outputsOf(path), await outputsOf(wanted.path));
    }
    const again = await rerunRun(wanted.path, { outputPath: settings.outputPath });
    assert.ok(again.verified);
    await assert.rejects(
      sampleRun(pipeline, { ...settings, devices: "cpu:2" }),
      /^UsageError: devices is not used with an open pipeline/,
    );
    const { task: _, numSamples: _n, ...shared } = settings;
    await assert.rejects(
      sampleRun(pipeline, { ...shared, task: "sd", numSamples: 1 }),
      /^UsageError: task is sd, which .* does not support/,
    );
  }));

Deno.test("a stopped run throws the signal's reason, and can be resumed, verified and rerun", () =>
  withModel(async (model, settings) => {
    const whole = await sampleRun(model, settings);
    const controller = new AbortController(), reason = new Error("enough");
    let path = "";
    await assert.rejects(
      sampleRun(model, settings, {
        signal: controller.signal,
        onProgress(event) {
          if (event.event === "start") path = event.path;
          if (event.event === "sample") controller.abort(reason);
        },
      }),
      (error) => error === reason,
    );
    const { status, error } = await readManifest(path);
    assert.deepEqual([status, error?.code], ["interrupted", "E_INTERRUPTED"]);
    await assert.rejects(resumeRun(path, { seed: 5 }), (error: Error) => {
      assert.ok(error instanceof MismatchError, String(error));
      assert.match(error.message, /^seed is 5, the run in .* has 4$/);
      return true;
    });
    const { manifest } = await resumeRun(path, { threads: 1 });
    assert.deepEqual(lasting(manifest), lasting(whole.manifest));
    const { total, samples } = await verifyRun(path);
    assert.deepEqual([total.verified, samples.length], [true, 2]);
    const { verified, files } = await rerunRun(path, { outputPath: settings.outputPath });
    assert.ok(verified && files.different.length === 0);
  }));

Deno.test("planRun() measures every window", () =>
  withModel(async (model, settings) => {
    const { best, windows, sequential } = await planRun(model, settings);
    assert.ok(windows.includes(best));
    assert.equal(sequential.rounds, 8);
  }));

/** Wrong settings, and what is said of them in code and on a command line. */
const WRONG: [settings: Record<string, unknown>, setting: RegExp, flag: RegExp][] = [
  [{ windowSize: 0 }, /^windowSize is "0" but takes/, /^--window_size is "0" but takes/],
  [{ numInferenceSteps: 0.5 }, /^numInferenceSteps is/, /^--timesteps is/],
  [{ maxRounds: -1 }, /^maxRounds is "-1" but takes a whole number, >= 0$/, /^--max_steps is/],
  [{ windowsize: 3 }, /^"windowsize" is not a setting of this task$/, /windowsize/],
  [{ prompt: "a cat" }, /^"prompt" is not a setting of this task$/, /prompt/],
  [{ quiet: true }, /^"quiet" is not a setting of this task$/, /quiet/],
  [{ task: "draw" }, /^task is "draw" but takes one of dit,flow,sd,sd-winit$/, /^--task/],
  [
    { method: "sequential", order: 2 },
    /^order is not used by method sequential$/,
    /^--order is not used by --method sequential$/,
  ],
  [
    { seed: 1, seeds: [1, 2] },
    /^seeds and seed are given, wanted at most one of them$/,
    /^--seeds and --seed are given/,
  ],
  [{ noisePath: "/nosuch" }, /^noisePath \/nosuch cannot be read/, /^--noise_path \/nosuch/],
  [{ classLabels: ["nosuch"] }, /^classLabels has "nosuch"/, /^--class_labels has "nosuch"/],
  [{ devices: "gpu" }, /^devices is "gpu" but takes/, /^--devices is "gpu" but takes/],
];

Deno.test("sampleRun() names a wrong setting, or its flag on the command line", () =>
  withModel(async (model, settings) => {
    const { seed: _, ...base } = settings;
    for (const [wrong, setting, flag] of WRONG) {
      const run = sampleRun(model, { ...base, ...wrong } as RunSettings);
      await assert.rejects(run, (error: Error) => {
        assert.ok(error instanceof UsageError, String(error));
        assert.match(error.message, setting);
        error.respell(asFlag);
        assert.match(error.message, flag);
        return true;
      });
    }
    await assert.rejects(Deno.stat(settings.outputPath), Deno.errors.NotFound);
  }));
