import assert from "node:assert/strict";
import { join } from "node:path";
import { MismatchError, ModelError, UsageError } from "../../../src/errors.ts";
import { writeNpy } from "../../../src/formats/npy/npy.ts";
import { encodePng } from "../../../src/images/encode_png.ts";
import { checkInputs } from "../../../src/jobs/check_inputs.ts";
import { rerunRun } from "../../../src/jobs/rerun_run.ts";
import { verifyRun } from "../../../src/jobs/verify_run.ts";
import { interruptAfter } from "../../support/interrupt.ts";
import { outputsOf, readManifest, readSample, runQuietly } from "../../support/sampling.ts";
import { withTempFolder } from "../../support/temp_folder.ts";
import { writeTinyFlow } from "../../support/tiny_flow.ts";

const STEPS = 6, ROW = 4 * 4 * 4;
const EXACT = ["--tol1=0", "--tol2=0"];

/** Hands a tiny flow and a function that samples it to the test. */
function withFlow(
  test: (bench: {
    folder: string;
    model: string;
    sample: (args: readonly string[], signal?: AbortSignal) => Promise<string>;
  }) => Promise<void>,
): Promise<void> {
  return withTempFolder(async (folder) => {
    const model = await writeTinyFlow(folder), out = join(folder, "out");
    const fixed = ["-m", model, "-o", out];
    const sample = (args: readonly string[], signal?: AbortSignal) => {
      const own = args.some((arg) => arg.startsWith("--timesteps"));
      return runQuietly(
        "flow",
        [...fixed, ...(own ? [] : [`--timesteps=${STEPS}`]), ...args],
        signal,
      );
    };
    await test({ folder, model, sample });
  });
}

Deno.test("parallel_flow makes runs that verify, rerun and seeds take", () =>
  withFlow(async ({ folder, sample }) => {
    const run = await sample(["--seeds=5,2", "--class_labels=class a,2", ...EXACT]);
    const { script, samples } = await readManifest(run);
    assert.equal(script, "parallel_flow");
    assert.deepEqual(samples.map((s) => [s.seed, s.condition.class_label]), [[5, 0], [2, 2]]);
    const { total } = await verifyRun(run, { tolerance: 0 });
    assert.deepEqual([total.samples, total.latent.max], [2, 0]);
    const again = await rerunRun(run, { outputPath: join(folder, "again") });
    assert.ok(again.verified);
    const sequential = await sample(["--seeds=5,2", "--class_labels=0,2", "--method=sequential"]);
    assert.deepEqual((await readSample(sequential)).trajectory, (await readSample(run)).trajectory);
  }));

Deno.test("parallel_flow starts from the trajectory of another class, and resumes", () =>
  withFlow(async ({ folder, sample }) => {
    const first = await sample(["--class_labels=0", ...EXACT]);
    const file = join(first, "sample_0/trajectory.safetensors");
    const args = ["--class_labels=1,2", "--init_trajectory", file, "--variation_steps=4", ...EXACT];
    const run = await sample(args);
    const { samples, arguments: recorded } = await readManifest(run);
    assert.deepEqual(samples.map((s) => s.condition.class_label), [1, 2]);
    assert.deepEqual([recorded.seed, recorded.num_samples], [null, null]);
    const from = await readSample(first), to = await readSample(run);
    assert.deepEqual(to.noise, from.noise);
    // Steps above the variation are kept, those below are solved again.
    assert.deepEqual(to.trajectory.slice(4 * ROW), from.trajectory.slice(4 * ROW));
    assert.notDeepEqual(to.trajectory.slice(0, ROW), from.trajectory.slice(0, ROW));
    const { total } = await verifyRun(run, { tolerance: 0 });
    assert.deepEqual([total.sequential.nfe, total.latent.max], [4, 0]);
    const outputs = await outputsOf(run), out = join(folder, "out"), known = names(out);
    const records = samples[0].rounds + 1;
    assert.ok(await interruptAfter(records, (signal) => sample(args, signal)));
    const [stopped] = names(out).filter((name) => !known.includes(name));
    await runQuietly("flow", ["--resume", join(out, stopped)]);
    assert.deepEqual(await outputsOf(join(out, stopped)), outputs);
  }));

Deno.test("parallel_flow starts from a latent at the levels of the flow", () =>
  withFlow(async ({ folder, sample }) => {
    const file = join(folder, "latent.npy"),
      latent = Float64Array.from({ length: ROW }, (_, i) => Math.sin(i));
    await Deno.writeFile(file, writeNpy([4, 4, 4], latent));
    const run = await sample(["--class_labels=1", "--init_latents", file, "--variation_steps=3"]);
    const { trajectory, noise } = await readSample(run);
    const shifted = (s: number) => 3 * s / (1 + 2 * s), lowest = shifted(1 / 1000);
    const sigma = shifted(lowest + 2 / (STEPS - 1) * (1 - lowest)); // of step 2, which leads from x_3
    for (let i = 0; i < ROW; i++) {
      const wanted = (1 - sigma) * latent[i] + sigma * noise[STEPS * ROW + i];
      assert.ok(Math.abs(trajectory[3 * ROW + i] - wanted) < 1e-12);
    }
  }));

Deno.test("parallel_flow starts from an image, encoded by the VAE of the folder beside", () =>
  withTempFolder(async (folder) => {
    const image = join(folder, "image.png");
    const pixels = new Uint8Array(3 * 64 * 64).fill(99);
    await Deno.writeFile(image, encodePng({ width: 64, height: 64, data: pixels }));
    const args = ["-o", folder, "--timesteps=4", "--class_labels=heart", "--variation_steps=2"];
    const run = await runQuietly("flow", [...args, "--init_image", image]);
    const { samples, model } = await readManifest(run);
    assert.equal(samples.length, 1);
    assert.ok("vae_encoder/model.onnx" in model.files && "transformer/model.onnx" in model.files);
  }));

Deno.test("parallel_flow refuses starts that have no effect or do not fit", () =>
  withFlow(async ({ folder, sample, model }) => {
    const start = ["--init_trajectory=x", "--class_labels=1"];
    const cases: [args: string[], kind: typeof UsageError | typeof MismatchError, RegExp][] = [
      [["--variation_steps=2"], UsageError, /--variation_steps is given without a start, wanted/],
      [["--variation_steps=7", ...start], UsageError, /is 7 but takes a whole number, 1-6/],
      [["--seed=1", ...start], UsageError, /--seed is not used with --init_trajectory/],
      [["--init_trajectory=x"], UsageError, /is given without --class_labels, wanted both/],
      [["--init_image=x", ...start], UsageError, /are given, wanted at most one/],
      [["--eta=0.5"], UsageError, /--eta is "0\.5" but takes a finite number, 0$/],
    ];
    for (const [args, kind, message] of cases) {
      await assert.rejects(sample(args), (error: Error) => {
        assert.ok(error instanceof kind, error.stack);
        assert.match(error.message, message);
        return true;
      });
    }
    const first = await sample(["--class_labels=0", "--timesteps=5"]);
    const file = join(first, "sample_0/trajectory.safetensors");
    await assert.rejects(sample(["--class_labels=0", "--init_trajectory", file]), MismatchError);
    await checkInputs({ task: "flow", modelPath: model, classLabels: [1], outputPath: folder });
    const wrong = checkInputs({ task: "dit", modelPath: model, outputPath: folder });
    await assert.rejects(wrong, ModelError);
  }));

function names(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name);
}
