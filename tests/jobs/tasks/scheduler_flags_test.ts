import assert from "node:assert/strict";
import { join } from "node:path";
import { runVerify } from "../../../src/cli/commands/verify_script.ts";
import { MismatchError, UsageError } from "../../../src/errors.ts";
import { drawNoise } from "../../../src/pipelines/noise_source.ts";
import { interruptAfter } from "../../support/interrupt.ts";
import { outputsOf, readManifest, readSample, runQuietly } from "../../support/sampling.ts";
import { withTempFolder } from "../../support/temp_folder.ts";
import { writeTinyDit } from "../../support/tiny_dit.ts";
import { writeTinyFlow } from "../../support/tiny_flow.ts";

const LIST = ["--timesteps_list=900,500,250,100,20"];

/** Levels whose timesteps are whole, since the networks take int64. */
const RUNS: Record<string, readonly string[]> = {
  ddim: LIST,
  ddpm: ["--timesteps=5"],
  euler: LIST,
  euler_ancestral: LIST,
  dpmpp_2m: ["--timesteps=5"],
};
const EXACT = ["--tol1=0", "--tol2=0", "-b1", "-s3"];

async function verify(run: string): Promise<void> {
  const { log } = console;
  console.log = () => {};
  await runVerify([run, "--tolerance=1e-9"], new AbortController().signal)
    .finally(() => console.log = log);
}

function sd(folder: string, args: readonly string[]): Promise<string> {
  return runQuietly("sd", ["-m", "tests/fixtures/layouts/plain", "-o", folder, ...args]);
}

Deno.test("parallel_sd --scheduler samples each chain as sequential sampling does, and again", () =>
  withTempFolder(async (folder) => {
    const made = new Set<string>();
    for (const [scheduler, levels] of Object.entries(RUNS)) {
      const args = [`--scheduler=${scheduler}`, ...levels, ...EXACT];
      const run = await sd(folder, args);
      const { trajectory } = await readSample(run);
      await verify(run);
      const recorded = (await readManifest(run)).arguments;
      assert.equal(recorded.scheduler, scheduler);
      assert.equal(recorded.timesteps, 5);
      const again = await sd(folder, ["--args_from", join(run, "manifest.json")]);
      assert.deepEqual(await outputsOf(again), await outputsOf(run), scheduler);
      made.add(trajectory.subarray(0, 256).join());
    }
    assert.equal(made.size, 5, "five chains, five samples");
    const plain = (await readManifest(await sd(folder, ["--timesteps=2", "-b1"]))).arguments;
    assert.ok(!("scheduler" in plain), "older records keep their bytes");
  }));

Deno.test("parallel_sd --scheduler euler starts from noise of the highest level", () =>
  withTempFolder(async (folder) => {
    const args = ["--scheduler=EulerDiscreteScheduler", "--timesteps_list=801,1", ...EXACT];
    const { noise } = await readSample(await sd(folder, args));
    const [{ noise: drawn }] = drawNoise({
      ...{ seed: 3, stream: "official", count: 1, size: noise.length },
    });
    const row = noise.length / 3;
    assert.deepEqual(noise.subarray(0, 2 * row), drawn.subarray(0, 2 * row));
    const scale = noise[2 * row] / drawn[2 * row]; // √(σ²+1) of level 801
    assert.ok(scale > 5 && scale < 15, String(scale));
    assert.ok(
      noise.subarray(2 * row).every((x, i) => Math.abs(x / drawn[2 * row + i] - scale) < 1e-9),
    );
  }));

Deno.test("parallel_dit --scheduler dpmpp_2m resumes with the same bytes", () =>
  withTempFolder(async (folder) => {
    const model = await writeTinyDit(folder);
    const args = ["-m", model, "--scheduler=dpmpp_2m", "--timesteps=8", "-b2", "--window_size=3"];
    const whole = await runQuietly("dit", [...args, "-o", join(folder, "whole")]);
    const out = join(folder, "stopped");
    const stopped = await interruptAfter(
      4,
      (signal) => runQuietly("dit", [...args, "-o", out], signal),
    );
    assert.ok(stopped);
    const [{ name }] = [...Deno.readDirSync(out)];
    const run = join(out, name);
    await assert.rejects(
      runQuietly("dit", ["--resume", run, "--scheduler=ddim"]),
      (error: Error) =>
        error instanceof MismatchError &&
        /--scheduler is "ddim", the run in .* has "dpmpp_2m"/.test(error.message),
    );
    await runQuietly("dit", ["--resume", run]);
    assert.deepEqual(await outputsOf(run), await outputsOf(whole));
  }));

Deno.test("parallel_dit follows the class of the model's file, and --scheduler takes its place", () =>
  withTempFolder(async (folder) => {
    const named = {
      ...{ _class_name: "EulerAncestralDiscreteScheduler", timestep_spacing: "trailing" },
      clip_sample: false,
    };
    const euler = await writeTinyDit(join(folder, "euler"), { scheduler: named });
    const ddim = await writeTinyDit(join(folder, "ddim"), {
      scheduler: { ...named, _class_name: "DDIMScheduler" },
    });
    const sample = async (model: string, args: readonly string[] = []) => {
      const flags = ["-m", model, "-o", join(folder, "out"), "--timesteps=6", ...EXACT, ...args];
      return (await readSample(await runQuietly("dit", flags))).trajectory;
    };
    const own = await sample(euler);
    assert.deepEqual(own, await sample(ddim, ["--scheduler=euler_ancestral"]));
    assert.notDeepEqual(own, await sample(euler, ["--scheduler=ddim"]));
    for (
      const [args, message] of [
        [["--eta=1"], /--eta is 1, but --scheduler euler_ancestral takes 0/],
        [["--scheduler=flow_euler"], /--scheduler is flow_euler, but .* is a diffusion model/],
        [["--scheduler=ddim", "--sigmas=6,5,4,3,2,1"], /--sigmas is not used by --scheduler ddim/],
        [["--sigmas=6,5,4"], /--timesteps is 6, but --sigmas has 3 levels/],
      ] as const
    ) {
      await assert.rejects(sample(euler, args), (error: Error) => {
        assert.ok(error instanceof UsageError, String(error));
        assert.match(error.message, message);
        return true;
      });
    }
  }));

Deno.test("parallel_dit clips the predicted sample by the model's file, in parallel too", () =>
  withTempFolder(async (folder) => {
    const file = { _class_name: "DDIMScheduler", timestep_spacing: "trailing" };
    const made: Float64Array[] = [];
    for (
      const [name, clip] of Object.entries({
        off: { clip_sample: false },
        on: { clip_sample: true },
        ddpm: { _class_name: "DDPMScheduler", clip_sample: true },
        thresholding: { thresholding: true, sample_max_value: 2 },
      })
    ) {
      const model = await writeTinyDit(join(folder, name), { scheduler: { ...file, ...clip } });
      const flags = ["-m", model, "-o", join(folder, "out"), "--timesteps=6", "--eta=1", ...EXACT];
      const run = await runQuietly("dit", flags);
      await verify(run);
      made.push((await readSample(run)).trajectory);
    }
    const [off, ...clipped] = made.map((trajectory) => trajectory.subarray(0, 64));
    assert.equal(new Set(made.map((trajectory) => trajectory.join())).size, 4);
    // The last step leads to the predicted sample.
    assert.ok(Math.max(...off.map(Math.abs)) > 1.5);
    for (const sample of clipped) assert.ok(Math.max(...sample.map(Math.abs)) < 1 + 1e-9);
  }));

Deno.test("parallel_sd_winit refuses the trajectory of another chain at the same levels", () =>
  withTempFolder(async (folder) => {
    const fixed = [
      "-m",
      "tests/fixtures/layouts/plain",
      "-o",
      folder,
      "--timesteps_list=801,401,1",
    ];
    const winit = (args: string[]) =>
      runQuietly("sd-winit", [...fixed, "--variation_steps=2", ...args]);
    const run = await winit(["--scheduler=euler"]);
    const start = ["--init_trajectory", join(run, "sample_0/trajectory.safetensors")];
    await winit(["--scheduler=euler", ...start]);
    for (const other of ["ddim", "dpmpp_2m"]) {
      await assert.rejects(winit([`--scheduler=${other}`, ...start]), MismatchError);
    }
  }));

Deno.test("parallel_flow takes sigmas of the caller's own and refuses another kind of scheduler", () =>
  withTempFolder(async (folder) => {
    const model = await writeTinyFlow(folder), out = join(folder, "out");
    const flow = (args: string[]) =>
      runQuietly("flow", ["-m", model, "-o", out, ...EXACT, ...args]);
    const run = await flow(["--sigmas=1,0.6,0.2"]);
    const { arguments: args } = await readManifest(run);
    assert.deepEqual([args.sigmas, args.timesteps], ["1,0.6,0.2", 3]);
    await verify(run);
    const again = await flow(["--args_from", join(run, "manifest.json")]);
    assert.deepEqual(await outputsOf(again), await outputsOf(run));
    for (
      const [flag, message] of [
        ["--scheduler=ddim", /--scheduler is ddim, but .* is a flow model/],
        ["--timesteps_list=900,1", /--timesteps_list is not used by --scheduler flow_euler/],
        ["--sigmas=0.2,0.5", /--sigmas has "0.5" after 0.2/],
      ] as const
    ) {
      await assert.rejects(flow([flag]), (error: Error) => {
        assert.ok(error instanceof UsageError, String(error));
        assert.match(error.message, message);
        return true;
      });
    }
  }));
