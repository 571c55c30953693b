import assert from "node:assert/strict";
import { join } from "node:path";
import { readSeedList } from "../../src/arguments/seed_list.ts";
import { runVerify } from "../../src/cli/commands/verify_script.ts";
import { UsageError } from "../../src/errors.ts";
import { interruptAfter } from "../support/interrupt.ts";
import { outputsOf, readManifest, readSample, runQuietly } from "../support/sampling.ts";
import { withTempFolder } from "../support/temp_folder.ts";
import { writeTinyDit } from "../support/tiny_dit.ts";

const SD = ["-m", "tests/fixtures/layouts/plain", "--timesteps=4"];

/** Hash of a sample's sheet, which holds all its images and no flag. */
async function sheet(run: string, sample = 0): Promise<string> {
  return (await outputsOf(run))[`sample_${sample}/contact_sheet.png`].sha256;
}

async function verify(run: string): Promise<void> {
  const { log } = console;
  console.log = () => {};
  await runVerify([run], new AbortController().signal).finally(() => console.log = log);
}

Deno.test("readSeedList() accepts integers separated by commas only", () => {
  assert.equal(readSeedList(undefined), undefined);
  assert.deepEqual(readSeedList("0, 3,7".split(",")), [0, 3, 7]);
  for (const text of ["", "1,,2", "-1", "1.5", "a", "1 2", "9007199254740993", "1,"]) {
    assert.throws(() => readSeedList(text.split(",")), UsageError, text);
  }
});

Deno.test("parallel_dit --seeds gives each seed the sample of a run with that seed", () =>
  withTempFolder(async (folder) => {
    const model = await writeTinyDit(folder), out = join(folder, "out");
    const fixed = ["-m", model, "-o", out, "--timesteps=4"];
    const sample = (args: string[]) => runQuietly("dit", [...fixed, ...args]);
    const run = await sample(["--seeds=0,3,7"]);
    const { samples, arguments: args } = await readManifest(run);
    assert.deepEqual(samples.map(({ seed }) => seed), [0, 3, 7]);
    const { seed, seeds, num_samples, noise_stream } = args;
    assert.deepEqual([seed, seeds, num_samples, noise_stream], [null, "0,3,7", null, null]);
    for (const [i, seed] of [0, 3, 7].entries()) {
      const alone = await sample([`--seed=${seed}`, "--num_samples=1"]);
      assert.equal(await sheet(run, i), await sheet(alone), `seed ${seed}`);
      const { condition } = (await readManifest(alone)).samples[0];
      assert.deepEqual(samples[i].condition, condition); // the class is drawn from the seed too
      assert.ok(
        !("seeds" in (await readManifest(alone)).arguments),
        "older records keep their bytes",
      );
    }
    const again = await sample(["--args_from", join(run, "manifest.json")]);
    assert.deepEqual(await outputsOf(again), await outputsOf(run));
    await verify(run);
    // A flag beside --args_from takes the list's place, and the list theirs.
    const other = await sample(["--args_from", join(run, "manifest.json"), "--seed=3", "-b", "1"]);
    assert.equal(await sheet(other), await sheet(run, 1));
    const list = await sample(["--args_from", join(other, "manifest.json"), "--seeds=7"]);
    assert.equal(await sheet(list), await sheet(run, 2));
    // Classes by seed.
    const classes = await sample(["--seeds=0,3", "--class_labels=2,1"]);
    const labels = (await readManifest(classes)).samples.map((s) => s.condition.class_label);
    assert.deepEqual(labels, [2, 1]);
    await assert.rejects(
      sample(["--seeds=0,3,7", "--class_labels=2,1"]),
      /2 classes for 3 samples/,
    );
    for (const flag of ["--seed=1", "--num_samples=2", "--noise_stream=per_image"]) {
      await assert.rejects(sample(["--seeds=0", flag]), /are given, wanted at most one/, flag);
    }
    await assert.rejects(sample(["--seeds=0,x"]), /--seeds has "x"/);
  }));

Deno.test("--resume resumes a run of --seeds", () =>
  withTempFolder(async (folder) => {
    const model = await writeTinyDit(folder), out = join(folder, "out");
    const args = ["-m", model, "-o", out, "--timesteps=4", "--seeds=5,2"];
    const wanted = await runQuietly("dit", args);
    const outputs = await outputsOf(wanted);
    const records = (await readManifest(wanted)).samples[0].rounds + 1;
    await Deno.remove(wanted, { recursive: true });
    assert.ok(await interruptAfter(records, (signal) => runQuietly("dit", args, signal)));
    const [{ name }] = [...Deno.readDirSync(out)];
    const run = await runQuietly("dit", ["--resume", join(out, name)]);
    assert.deepEqual(await outputsOf(run), outputs);
  }));

Deno.test("parallel_sd --seeds samples every prompt with every seed", () =>
  withTempFolder(async (folder) => {
    const prompts = join(folder, "prompts.txt");
    await Deno.writeTextFile(prompts, "a cat\na dog\n");
    const sample = (args: string[]) => runQuietly("sd", [...SD, "-o", folder, ...args]);
    const run = await sample(["--prompts_file", prompts, "--seeds=4,9"]);
    const { samples } = await readManifest(run);
    const made = samples.map(({ condition, seed }) => [condition.prompt, seed]);
    assert.deepEqual(made, [["a cat", 4], ["a cat", 9], ["a dog", 4], ["a dog", 9]]);
    const alone = await sample(["-p", "a dog", "--seed=9", "-b", "1"]);
    assert.equal(await sheet(run, 3), await sheet(alone));
  }));

Deno.test("parallel_sd_winit samples both prompts for every seed or noise", () =>
  withTempFolder(async (folder) => {
    const sample = (args: string[]) =>
      runQuietly("sd-winit", [...SD, "-o", folder, "--variation_steps=3", ...args]);
    const one = await sample(["--seed=9"]);
    assert.ok(!("num_samples" in (await readManifest(one)).arguments));
    const run = await sample(["--seeds=4,9"]);
    const { samples, samplesWanted } = await readManifest(run);
    assert.equal(samplesWanted, 4);
    const made = samples.map(({ condition, seed }) => [condition.prompt, seed]);
    const [dog, cat] = ["a cute dog", "a cute cat"];
    assert.deepEqual(made, [[dog, 4], [cat, 4], [dog, 9], [cat, 9]]);
    assert.equal(await sheet(run, 2), await sheet(one, 0));
    assert.equal(await sheet(run, 3), await sheet(one, 1));
    await verify(run); // finds the start of each

    const two = await sample(["--num_samples=2", "--seed=9"]);
    assert.equal((await readManifest(two)).samples.length, 4);
    assert.notEqual(await sheet(two, 0), await sheet(two, 2));
    await verify(two);
    const again = await sample(["--args_from", join(two, "manifest.json")]);
    assert.deepEqual(await outputsOf(again), await outputsOf(two));

    const { trajectory } = await readSample(run, 0);
    const latents = join(folder, "latents.safetensors");
    const { writeSafetensors } = await import("../../src/formats/safetensors/safetensors.ts");
    const data = trajectory.slice(0, 4 * 8 * 8);
    const tensors = new Map([["latents", { dtype: "F64", shape: [4, 8, 8], data } as const]]);
    await Deno.writeFile(latents, writeSafetensors(tensors, new Map()));
    const warm = await sample(["--init_latents", latents, "--seeds=4,9"]);
    assert.deepEqual((await readManifest(warm)).samples.map(({ seed }) => seed), [4, 9]);
    await verify(warm);
    const file = join(run, "sample_0/trajectory.safetensors");
    for (const flag of ["--seeds=1", "--num_samples=2"]) {
      await assert.rejects(sample(["--init_trajectory", file, flag]), /is not used with/, flag);
    }
  }));
