import assert from "node:assert/strict";
import { join } from "node:path";
import { Interrupted } from "../../src/cli/main.ts";
import {
  ModelError,
  NumericalError,
  RuntimeLibraryError,
  StorageError,
  UsageError,
} from "../../src/errors.ts";
import { readPngText } from "../../src/images/png_text.ts";
import { readSafetensors, writeSafetensors } from "../../src/formats/safetensors/safetensors.ts";
import { readImage } from "../../src/images/read_image.ts";
import { writeNpy } from "../../src/formats/npy/npy.ts";
import { outputsOf, readManifest, readSample, runQuietly } from "../support/sampling.ts";
import { withTempFolder } from "../support/temp_folder.ts";
import { type TinyDitOptions, writeTinyDit } from "../support/tiny_dit.ts";

/** Runs parallel_dit on a tiny model in `folder`, quietly; returns the run's folder. */
function sample(folder: string, args: string[] = [], signal?: AbortSignal): Promise<string> {
  const paths = ["--model_path", join(folder, "tiny-dit"), "--output_path", join(folder, "out")];
  return runQuietly("dit", [...paths, "--timesteps=8", ...args], signal);
}

function withModel<T>(options: TinyDitOptions, test: (folder: string) => Promise<T>): Promise<T> {
  return withTempFolder(async (folder) => {
    await writeTinyDit(folder, options);
    return await test(folder);
  });
}

async function runsIn(folder: string): Promise<string[]> {
  const out = join(folder, "out");
  const names: string[] = [];
  for await (const entry of Deno.readDir(out)) names.push(join(out, entry.name));
  return names;
}

Deno.test("runSampling() accepts the largest tolerance, although ten times it is infinite", () =>
  withModel({}, async (folder) => {
    const run = await sample(folder, ["--num_samples=1", `--tol1=${Number.MAX_VALUE}`]);
    assert.equal((await readManifest(run)).samples[0].converged, true);
  }));

Deno.test("runSampling() writes the official layout, a complete manifest and valid metadata", () =>
  withModel({}, async (folder) => {
    const run = await sample(folder, ["--num_samples=2", "--seed=3"]);
    assert.match(run, /DiT-\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d$/);
    const manifest = await readManifest(run);
    assert.equal(manifest.status, "complete");
    assert.equal(manifest.samples.length, 2);
    for (const { index, rounds, nfe, converged, finishedIndex } of manifest.samples) {
      assert.ok(converged && rounds <= 8 && nfe >= 8);
      assert.equal(finishedIndex.length, rounds);
      assert.equal(finishedIndex.at(-1), 0);
      const wanted = Array.from({ length: rounds + 1 }, (_, k) => `sample_${index}/step_${k}.png`);
      wanted.push(`sample_${index}/contact_sheet.png`, `sample_${index}/trajectory.safetensors`);
      wanted.push(`sample_${index}/rounds.csv`);
      const found = Object.keys(manifest.outputs).filter((name) =>
        name.startsWith(`sample_${index}/`)
      );
      assert.deepEqual(found.sort(), wanted.sort());
    }
    const args = await Deno.readTextFile(join(run, "args.txt"));
    assert.match(
      args,
      /^Namespace\(num_samples=2, class_labels=None, timesteps=8, cfg_scale=4, .*\)\n$/,
    );
    const png = await Deno.readFile(join(run, "sample_1/step_0.png"));
    assert.equal(JSON.parse(readPngText(png).get("parataa")!).arguments.seed, 3);
  }));

Deno.test("runSampling() saves the trajectory and its noise", () =>
  withModel({}, async (folder) => {
    const run = await sample(folder, ["--num_samples=1", "--class_labels=class b", "--eta=0.5"]);
    const { tensors, metadata } = readSafetensors(
      await Deno.readFile(join(run, "sample_0/trajectory.safetensors")),
    );
    const trajectory = tensors.get("trajectory")!, noise = tensors.get("noise")!;
    for (const tensor of [trajectory, noise]) {
      assert.equal(tensor.dtype, "F64");
      assert.deepEqual(tensor.shape, [9, 4, 4, 4]);
    }
    const last = 8 * 64; // x_T is the noise of index T
    assert.deepEqual(trajectory.data.slice(last), noise.data.slice(last));
    assert.equal(metadata.get("class_label"), "1");
    assert.equal(metadata.get("class_name"), "class b");
    assert.equal(metadata.get("eta"), "0.5");
    assert.equal(JSON.parse(metadata.get("timesteps")!).length, 8);
  }));

Deno.test("runSampling() gives the same bytes for all batch sizes and threads", () =>
  withModel({}, async (folder) => {
    const base = ["--num_samples=2", "--window_size=5", "--method=parataa", "--memory_size=3"];
    const wanted = await outputsOf(await sample(folder, base));
    // More threads than cores are refused.
    const most = `--threads=${Math.min(2, navigator.hardwareConcurrency)}`;
    for (
      const execution of [["--batch_size=1"], ["--batch_size=8", most], [
        "--batch_size=3",
        "--threads=1",
      ]]
    ) {
      assert.deepEqual(
        await outputsOf(await sample(folder, [...base, ...execution])),
        wanted,
        String(execution),
      );
    }
  }));

Deno.test("runSampling() repeats a run from its manifest and from one of its images", () =>
  withModel({}, async (folder) => {
    const run = await sample(folder, [
      "--num_samples=2",
      "--seed=5",
      "--method=parataa",
      "--memory_size=3",
      "--class_labels=2,0",
    ]);
    const wanted = await outputsOf(run);
    // An image does not say where its model lies.
    const model = ["-m", join(folder, "tiny-dit")];
    for (const [source, more] of [["manifest.json", []], ["sample_1/step_2.png", model]] as const) {
      const args = ["--args_from", join(run, source), "--output_path", join(folder, "again")];
      const again = await runQuietly("dit", [...args, ...more]);
      assert.deepEqual(await outputsOf(again), wanted, source);
    }
  }));

Deno.test("runSampling() with --noise_stream per_image gives a sample independent of the others", () =>
  withModel({}, async (folder) => {
    const three = await outputsOf(
      await sample(folder, ["--noise_stream=per_image", "--seed=7", "--num_samples=3"]),
    );
    const one = await outputsOf(
      await sample(folder, ["--noise_stream=per_image", "--seed=9", "--num_samples=1"]),
    );
    const text = (outputs: Awaited<ReturnType<typeof outputsOf>>, sample: number) =>
      outputs[`sample_${sample}/contact_sheet.png`];
    assert.deepEqual(text(one, 0), text(three, 2));
    assert.notDeepEqual(text(three, 0), text(three, 1));
  }));

Deno.test("runSampling() reads noise from npy and safetensors", () =>
  withModel({}, async (folder) => {
    const run = await sample(folder, ["--num_samples=1", "--class_labels=1"]);
    const { noise } = await readSample(run);
    const files: [string, Uint8Array][] = [
      ["four.npy", writeNpy([9, 4, 4, 4], noise)],
      ["five.npy", writeNpy([1, 9, 4, 4, 4], noise)],
      [
        "noise.safetensors",
        writeSafetensors(
          new Map([["n", { dtype: "F64", shape: [9, 4, 4, 4], data: noise }]]),
          new Map(),
        ),
      ],
    ];
    const wanted = (await outputsOf(run))["sample_0/contact_sheet.png"];
    for (const [name, bytes] of files) {
      const path = join(folder, name);
      await Deno.writeFile(path, bytes);
      const again = await sample(folder, ["--noise_path", path, "--class_labels=1"]);
      assert.deepEqual((await outputsOf(again))["sample_0/contact_sheet.png"], wanted, name);
    }
    const bad = noise.slice();
    bad[5] = NaN;
    await Deno.writeFile(
      join(folder, "nan.npy"),
      writeNpy([9, 4, 4, 4], bad),
    );
    await assert.rejects(
      sample(folder, ["--noise_path", join(folder, "nan.npy")]),
      /NaN at element 5, wanted finite/,
    );
    await Deno.writeFile(join(folder, "short.npy"), writeNpy([8, 4, 4, 4], noise.slice(64)));
    await assert.rejects(
      sample(folder, ["--noise_path", join(folder, "short.npy")]),
      /noise of shape \[8,4,4,4\], wanted \[9,4,4,4\]/,
    );
    await assert.rejects(sample(folder, ["--noise_path", join(folder, "nosuch")]), UsageError);
  }));

Deno.test("runSampling() agrees with sequential sampling for every method", () =>
  withModel({}, async (folder) => {
    const latent = async (args: string[]) => {
      const run = await sample(folder, ["--num_samples=1", "--seed=2", ...args]);
      return (await readSample(run)).trajectory;
    };
    const wanted = await latent(["--method=sequential"]);
    for (const method of ["tqn", "parataa", "fixed_point"]) {
      const found = await latent([`--method=${method}`, "--tol1=1e-7", "--tol2=0"]);
      found.forEach((x, i) => assert.ok(Math.abs(x - wanted[i]) < 1e-4, `${method}: element ${i}`));
    }
  }));

Deno.test("runSampling() previews estimates until the window reaches step 0, then the sample", () =>
  withModel({}, async (folder) => {
    const args = ["--num_samples=1", "--window_size=2", "--max_steps=3"];
    const run = await sample(folder, args);
    const pixels = async (step: number) => {
      const file = join(run, `sample_0/step_${step}.png`);
      return (await readImage(await Deno.readFile(file), { file })).data;
    };
    assert.ok((await readSample(run)).trajectory.subarray(0, 64).every((x) => x === 0));
    assert.notDeepEqual(await pixels(1), await pixels(0));
    assert.deepEqual(await pixels(2), await pixels(0)); // the result's x_0, as verify decodes it
    const previewed = await sample(folder, [...args, "--preview_every=1"]);
    assert.deepEqual(await outputsOf(previewed), await outputsOf(run));
  }));

Deno.test("runSampling() stops after step_(N-1) with --max_steps N, as the official scripts do", () =>
  withModel({}, async (folder) => {
    for (const n of [1, 3]) {
      const run = await sample(folder, ["--num_samples=1", `--max_steps=${n}`]);
      const { samples: [{ rounds, converged }], outputs } = await readManifest(run);
      assert.equal(rounds, n - 1);
      assert.equal(converged, false);
      assert.equal(Object.keys(outputs).filter((name) => /step_\d+\.png/.test(name)).length, n);
    }
  }));

Deno.test("runSampling() with --preview_every gives the same bytes", () =>
  withModel({}, async (folder) => {
    const args = ["--num_samples=2", "--method=parataa", "--window_size=3"];
    const wanted = await outputsOf(await sample(folder, args));
    for (const every of [1, 2, 100]) {
      const run = await sample(folder, [...args, `--preview_every=${every}`]);
      assert.deepEqual(await outputsOf(run), wanted, String(every));
      const image = await Deno.readFile(join(run, "sample_0/step_2.png"));
      const text = JSON.parse(readPngText(image).get("parataa")!);
      assert.ok(!("preview_every" in text.arguments));
    }
  }));

Deno.test("runSampling() with --preview_every writes images during sampling", () =>
  // Step 0 is evaluated in the last rounds of a window of 2.
  withModel({ nanAt: 0 }, async (folder) => {
    const args = ["--num_samples=1", "--window_size=2", "--preview_every=2"];
    await assert.rejects(sample(folder, args), NumericalError);
    const [run] = await runsIn(folder);
    const { status, outputs } = await readManifest(run);
    assert.equal(status, "failed");
    const images = Object.keys(outputs).filter((name) => name.endsWith(".png"));
    assert.ok(images.length > 0);
    images.forEach((name, i) => assert.equal(name, `sample_0/step_${2 * i + 2}.png`));
  }));

Deno.test("runSampling() writes no image with NaN and names its origin", async () => {
  await withModel({ nanAt: 285 }, async (folder) => {
    await assert.rejects(sample(folder, ["--num_samples=1"]), (error: Error) => {
      assert.ok(error instanceof NumericalError, String(error));
      assert.match(error.message, /round 1/);
      assert.match(error.message, /step 2/); // 285 is entry 2 of 8 respaced steps: 0, 143, 285, …
      return true;
    });
    const [run] = await runsIn(folder);
    const { status, error, outputs } = await readManifest(run);
    assert.equal(status, "failed");
    assert.equal(error?.code, "E_NUMERICAL");
    assert.deepEqual(Object.keys(outputs), ["args.txt"]);
  });
});

Deno.test("runSampling() refuses bad settings before it creates a folder", () =>
  withModel({}, async (folder) => {
    const cases: [string[], new (...args: never[]) => Error, RegExp][] = [
      [
        ["--class_labels=nosuch"],
        UsageError,
        /--class_labels has "nosuch", wanted a number from 0 to 2 or a class's name/,
      ],
      [["--class_labels=3"], UsageError, /"3"/],
      [["--class_labels=0,1", "--num_samples=3"], UsageError, /names 2 classes for 3 samples/],
      [
        ["--fp16"],
        ModelError,
        /lacks transformer\/model_fp16\.onnx, vae_decoder\/model_fp16\.onnx/,
      ],
      [["--vae_path=/nosuch"], ModelError, /there is no model folder \/nosuch/],
      [["--provider=cuda"], RuntimeLibraryError, /no NVIDIA driver|libonnxruntime_providers_/],
      [
        ["--method=sequential", "--order=2"],
        UsageError,
        /--order is not used by --method sequential/,
      ],
    ];
    for (const [args, kind, message] of cases) {
      await assert.rejects(sample(folder, args), (error: Error) => {
        assert.ok(error instanceof kind, `${args}: ${error}`);
        assert.match(error.message, message);
        return true;
      });
      await assert.rejects(Deno.stat(join(folder, "out")), Deno.errors.NotFound, String(args));
    }
  }));

Deno.test("runSampling() names a folder that it cannot create", () =>
  withModel({}, async (folder) => {
    await Deno.writeTextFile(join(folder, "out"), "a file");
    await assert.rejects(sample(folder), (error: Error) => {
      assert.ok(error instanceof StorageError, String(error));
      assert.ok(error.message.includes(join(folder, "out")), error.message);
      return true;
    });
  }));

Deno.test("runSampling() stopped before its first round creates no folder", () =>
  withModel({}, async (folder) => {
    const stopped = AbortSignal.abort(new Interrupted(130));
    await assert.rejects(sample(folder, [], stopped), Interrupted);
    await assert.rejects(Deno.stat(join(folder, "out")), Deno.errors.NotFound);
  }));

Deno.test("runSampling() writes no image if the decoder returns NaN", () =>
  withModel({ decoderScale: NaN }, async (folder) => {
    await assert.rejects(sample(folder, ["--num_samples=1"]), (error: Error) => {
      assert.ok(error instanceof NumericalError, String(error));
      assert.match(error.message, /vae_decoder\/model\.onnx gives values that are not finite/);
      return true;
    });
    const [run] = await runsIn(folder);
    assert.deepEqual(Object.keys((await readManifest(run)).outputs), ["args.txt"]);
  }));

Deno.test("runSampling() refuses the arguments of another script", () =>
  withModel({}, async (folder) => {
    const file = join(folder, "manifest.json");
    await Deno.writeTextFile(
      file,
      JSON.stringify({ script: "parallel_sd", arguments: { seed: 1 } }),
    );
    await assert.rejects(
      sample(folder, ["--args_from", file]),
      /was written by "parallel_sd", this is parallel_dit/,
    );
  }));
