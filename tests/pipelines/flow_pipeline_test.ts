import assert from "node:assert/strict";
import { join } from "node:path";
import { ModelError, UsageError } from "../../src/errors.ts";
import { ModelFolder } from "../../src/models/model_folder.ts";
import { DitPipeline } from "../../src/pipelines/dit_pipeline.ts";
import { FlowPipeline } from "../../src/pipelines/flow_pipeline.ts";
import { Environment } from "../../src/runtime/environment.ts";
import { TorchGenerator } from "../../src/sampling/noise.ts";
import { parallelSample } from "../../src/sampling/parallel_sampler.ts";
import { sequentialSample } from "../../src/sampling/sequential_sampler.ts";
import { FLOW_SCHEDULER, writeTinyFlow } from "../support/tiny_flow.ts";
import { withTempFolder } from "../support/temp_folder.ts";
import type { TinyDitOptions } from "../support/tiny_dit.ts";

const STEPS = 6, ROW = 4 * 4 * 4;

/** Opens a tiny model and hands it to the test. */
function withPipeline<T>(
  options: TinyDitOptions,
  test: (pipeline: FlowPipeline, folder: string) => Promise<T>,
): Promise<T> {
  return withTempFolder(async (parent) => {
    using env = Environment.open();
    const folder = await writeTinyFlow(parent, options);
    await using pipeline = await FlowPipeline.open(env, folder);
    return await test(pipeline, folder);
  });
}

/** What the tiny model answers, in float64. */
function velocity(x: number, sigma: number, label: number): number {
  return Math.tanh(0.7 * x + sigma + 0.1 * label);
}

/** Euler's method between the levels, written out; guidance on all channels. */
function euler(x: Float64Array, levels: readonly number[], label: number, scale: number) {
  let now = x;
  levels.forEach((sigma, i) => {
    const after = levels[i + 1] ?? 0;
    now = now.map((value) => {
      const [c, u] = [velocity(value, sigma, label), velocity(value, sigma, 3)];
      return value + (after - sigma) * (u + scale * (c - u));
    });
  });
  return now;
}

Deno.test("FlowPipeline takes Euler's steps on shifted levels, guided in every channel", () =>
  withPipeline({}, async (pipeline) => {
    const schedule = pipeline.createSchedule({ numInferenceSteps: STEPS });
    const shifted = (s: number) => 3 * s / (1 + 2 * s);
    const lowest = shifted(1 / 1000); // shifted twice, as diffusers does
    const levels = Array.from({ length: STEPS }, (_, i) => {
      return shifted(1 + i / (STEPS - 1) * (lowest - 1));
    });
    const denoiser = pipeline.createDenoiser(1, { schedule, guidanceScale: 4 });
    const noise = new TorchGenerator(0).randn((STEPS + 1) * ROW);
    const { sample } = await sequentialSample(denoiser, { schedule, noise });
    const wanted = euler(noise.slice(STEPS * ROW), levels, 1, 4);
    for (let i = 0; i < ROW; i++) {
      assert.ok(Math.abs(sample[i] - wanted[i]) < 1e-5, `${i}: ${sample[i]}, wanted ${wanted[i]}`);
    }
    const exact = { schedule, noise, atol: 0, rtol: 0 } as const;
    let last = new Float64Array();
    for await (const { sample } of parallelSample(denoiser, exact)) last = sample.slice();
    assert.deepEqual(last, sample);
  }));

Deno.test("FlowPipeline.createSchedule() refuses noise, and more steps than levels", () =>
  withPipeline({}, (pipeline, folder) => {
    const create = (numInferenceSteps: number, eta?: number) => () =>
      pipeline.createSchedule({ numInferenceSteps, eta });
    assert.throws(create(4, 1), (error: Error) => {
      return error instanceof UsageError &&
        error.message === "eta is 1, but scheduler flow_euler takes 0";
    });
    assert.throws(create(1001), (error: Error) => {
      const { message } = error;
      return error instanceof ModelError &&
        message.startsWith(`${folder} has no schedule of 1001 steps: numInferenceSteps is 1001`);
    });
    return Promise.resolve();
  }));

const REFUSED: [what: string, options: TinyDitOptions, message: RegExp][] = [
  ["a diffusion model", { scheduler: { _class_name: "DDIMScheduler" } }, /"DDIMScheduler", wanted/],
  ["no scheduler", { scheduler: {} }, /_class_name is missing, wanted FlowMatchEuler/],
  ["whole timesteps", { timestepType: "int64" }, /timestep is int64, wanted one of float32/],
  [
    "a shift by the size of the image",
    { scheduler: { ...FLOW_SCHEDULER, use_dynamic_shifting: true } },
    /use_dynamic_shifting is true, wanted false/,
  ],
  ["no shift", { scheduler: { ...FLOW_SCHEDULER, shift: 0 } }, /shift is 0/],
];

for (const [what, options, message] of REFUSED) {
  Deno.test(`FlowPipeline refuses ${what} by name`, async () => {
    await assert.rejects(withPipeline(options, () => Promise.resolve()), (error: Error) => {
      assert.ok(error instanceof ModelError, error.stack);
      assert.match(error.message, message);
      return true;
    });
  });
}

Deno.test("FlowPipeline follows a flow's settings, and notes unknown ones", () => {
  const own = { invert_sigmas: true, shift_terminal: 0.1, use_karras_sigmas: true, own_key: 1 };
  return withPipeline({ scheduler: { ...FLOW_SCHEDULER, ...own } }, (pipeline) => {
    const { sigma, timesteps } = pipeline.createSchedule({ numInferenceSteps: STEPS });
    assert.ok(Math.abs(sigma[0] - 0.1) < 1e-12);
    sigma.forEach((s, t) => assert.equal(timesteps[t], 1000 * (1 - s)));
    assert.equal(pipeline.notes.length, 1);
    assert.match(pipeline.notes[0], /"own_key": not a setting of FlowMatchEuler/);
    return Promise.resolve();
  });
});

Deno.test("DitPipeline refuses a flow and names the command", () =>
  withTempFolder(async (parent) => {
    using env = Environment.open();
    const folder = await writeTinyFlow(parent);
    await assert.rejects(DitPipeline.open(env, folder), (error: ModelError) => {
      assert.match(error.message, /_class_name is "FlowMatchEulerDiscreteScheduler", the sched/);
      return error.hint === "the command flow samples it";
    });
  }));

Deno.test("FlowPipeline takes the VAE of the folder beside it, and refuses other paths", () =>
  withTempFolder(async (parent) => {
    using env = Environment.open();
    const folder = await writeTinyFlow(parent), lender = join(parent, "lender");
    await Deno.mkdir(lender);
    await Deno.rename(join(folder, "vae_decoder"), join(lender, "vae_decoder"));
    const index = JSON.parse(await Deno.readTextFile(join(folder, "model_index.json")));
    const share = (shared_vae: unknown) =>
      Deno.writeTextFile(
        join(folder, "model_index.json"),
        JSON.stringify({ ...index, shared_vae }),
      );
    await assert.rejects(FlowPipeline.open(env, folder), /lacks vae_decoder\/model\.onnx/);
    await share("lender");
    assert.equal((await ModelFolder.open(folder, { networks: [] })).kind, "flow");
    await using pipeline = await FlowPipeline.open(env, folder);
    const decoder = pipeline.networkFiles.get("vae_decoder/model.onnx")!;
    assert.equal(
      await Deno.realPath(decoder),
      await Deno.realPath(`${lender}/vae_decoder/model.onnx`),
    );
    for (const value of ["../lender", "..", "/lender", 3]) {
      await share(value);
      await assert.rejects(FlowPipeline.open(env, folder), /shared_vae is .*, wanted the name of/);
    }
    await share("nobody");
    await assert.rejects(FlowPipeline.open(env, folder), /nobody/);
  }));

Deno.test("FlowPipeline.open() names the command for a text-to-image flow", async () => {
  using env = Environment.open();
  for (const family of ["sd3", "flux"]) {
    const path = `tests/fixtures/pipelines/${family}`;
    await assert.rejects(FlowPipeline.open(env, path), (error: Error) => {
      assert.ok(error instanceof ModelError, String(error));
      assert.match(
        error.message,
        /(sd3|flux) is "\w+", a text-to-image model, wanted one of classes/,
      );
      const command = `the command sd samples it: sd --model_path ${path} --prompt "a cute cat"`;
      assert.equal(error.hint, command);
      return true;
    });
  }
});
