import assert from "node:assert/strict";
import { join } from "node:path";
import { decodePng } from "../../src/images/png_pixels.ts";
import { outputsOf, readManifest, runQuietly } from "../support/sampling.ts";
import { withTempFolder } from "../support/temp_folder.ts";

Deno.test("parallel_dit on the embedded model gives the same bytes for all batch sizes and threads", () =>
  withTempFolder(async (folder) => {
    const run = async (...execution: string[]) => {
      const args = [
        "-o",
        folder,
        "--timesteps=12",
        "--num_samples=1",
        "--eta=0.5",
        "--seed=6",
        ...execution,
      ];
      return await outputsOf(await runQuietly("dit", args));
    };
    const wanted = await run("--threads=1");
    // More threads than cores are refused.
    for (const threads of [1, 2].slice(0, navigator.hardwareConcurrency)) {
      for (const batch of [["--batch_size=1"], ["--batch_size=8"], []]) {
        assert.deepEqual(
          await run(`--threads=${threads}`, ...batch),
          wanted,
          `${threads} threads, ${batch}`,
        );
      }
    }
  }));

Deno.test("parallel_dit gives the same bytes for all lanes, concurrent samples and padding", () =>
  withTempFolder(async (folder) => {
    const run = async (...execution: string[]) => {
      const args = ["-o", folder, "--timesteps=6", "--num_samples=3", "--eta=0.5", ...execution];
      return await outputsOf(await runQuietly("dit", args));
    };
    const wanted = await run();
    for (
      const execution of [
        ["--devices=cpu:1"],
        ["--devices=cpu:2", "--batch_size=4"],
        ["--devices=cpu:3", "--concurrent_samples=3", "--preview_every=2"],
        ["--devices=cpu:2", "--buckets=4,3", "--concurrent_samples=2"],
      ]
    ) {
      assert.deepEqual(await run(...execution), wanted, execution.join(" "));
    }
  }));

Deno.test("parallel_sd equals sequential sampling on the embedded model within one level per pixel", () =>
  withTempFolder(async (folder) => {
    const pixels = async (seed: number, ...method: string[]) => {
      const fixed = [
        "-o",
        folder,
        "--timesteps=10",
        "--num_samples=1",
        "-p",
        "a cute dog",
        `--seed=${seed}`,
      ];
      const run = await runQuietly("sd", [...fixed, ...method]);
      const { rounds } = (await readManifest(run)).samples[0];
      return decodePng(await Deno.readFile(join(run, `sample_0/step_${rounds}.png`)), { file: run })
        .data;
    };
    for (const seed of [0, 1]) {
      const wanted = await pixels(seed, "--method=sequential");
      for (const method of ["tqn", "parataa"]) {
        const found = await pixels(seed, `--method=${method}`, "--tol1=1e-5", "--tol2=1e-5");
        found.forEach((x, i) =>
          assert.ok(Math.abs(x - wanted[i]) <= 1, `${method}, seed ${seed}: byte ${i}`)
        );
      }
    }
  }));
