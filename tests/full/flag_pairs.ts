/** Every pair of flags of `parallel_dit` at the edges of their ranges, on a model of a few kilobytes: refused, or a run. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { libraryCandidates } from "../../ffi/library_search.ts";
import { SAMPLING_SCRIPTS } from "../../src/cli/sampling_scripts.ts";
import { flagPairs, runPairs } from "../support/flag_pairs.ts";
import { withTempFolder } from "../support/temp_folder.ts";
import { writeTinyDit } from "../support/tiny_dit.ts";

Deno.test("runSampling() takes or refuses every pair of flags, and never ends as a bug", () =>
  withTempFolder(async (folder) => {
    const model = await writeTinyDit(folder);
    const texts = {
      ...{ model_path: [model], vae_path: [model], output_path: [join(folder, "out")] },
      ...{ class_labels: ["0", "1,0"], ort_lib: [libraryCandidates().find((c) => c.pinned)!.path] },
      // The largest allowed would only take long.
      ...{ timesteps: ["1", "6"], num_samples: ["1", "3"] },
    };
    const base = [
      "--timesteps=4",
      "--num_samples=1",
      `--model_path=${model}`,
      texts.output_path[0],
    ];
    base[3] = `--output_path=${base[3]}`;
    const { signal } = new AbortController();
    const start = (args: readonly string[]) => {
      const own = new Set(args.map((arg) => arg.split("=")[0]));
      return SAMPLING_SCRIPTS.dit.run([
        ...base.filter((arg) => !own.has(arg.split("=")[0])),
        ...args,
      ], signal);
    };
    const { counts, surprises } = await runPairs(
      flagPairs(SAMPLING_SCRIPTS.dit.flags, texts),
      start,
      // 3: no float16 files; 6: a guidance of 1.8e308 overflows; 7: no CUDA here.
      new Set([0, 2, 3, 6, 7]),
    );
    console.log(JSON.stringify(counts));
    assert.deepEqual(surprises, []);
  }));
