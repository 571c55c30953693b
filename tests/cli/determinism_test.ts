import assert from "node:assert/strict";
import { ditScript } from "../../src/cli/dit_script.ts";
import { outputsOf, runQuietly } from "../support/sampling.ts";
import { withTempFolder } from "../support/temp_folder.ts";

Deno.test("parallel_dit on the embedded model gives the same bytes whatever the batch size and the threads", () =>
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
      return await outputsOf(await runQuietly(ditScript, args));
    };
    const wanted = await run("--threads=1");
    for (const threads of [1, 2]) {
      for (const batch of [["--batch_size=1"], ["--batch_size=8"], []]) {
        assert.deepEqual(
          await run(`--threads=${threads}`, ...batch),
          wanted,
          `${threads} threads, ${batch}`,
        );
      }
    }
  }));
