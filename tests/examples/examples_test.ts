import assert from "node:assert/strict";
import { join } from "node:path";
import { verifyPng } from "../../mod.ts";
import picard from "../../examples/own_solver.ts";
import { denoiser, noise, schedule } from "../../examples/own_denoiser.ts";
import { sequentialSample, solve } from "../../mod.ts";
import { ROOT, runScript } from "../support/run_script.ts";
import { withTempFolder } from "../support/temp_folder.ts";

/** What each example prints; the numbers are the sampler's own and may change with it. */
const PRINTS: Record<string, RegExp> = {
  "library.ts": /^.*l\.png: \d+ rounds, \d+ evaluations, in place of 50 steps\n$/,
  "own_denoiser.ts": /^in parallel +(\S+) after \d+ rounds\nstep by step +\1 after 50 steps\n$/,
  "own_solver.ts": /^(\w+: \d+ rounds, \d+ evaluations, error \d\.\de-\d+\n){3}$/,
  "sweep.ts": /^(\w+: (\d+ at window \d+(, |\n)){4}){2}$/,
  "warm_start.ts": /^from the dog: \d+ rounds, .*\nfrom scratch: \d+ rounds, .*\n$/,
};

Deno.test("every example runs, and prints and writes what it promises", async () => {
  const entries = [...Deno.readDirSync(join(ROOT, "examples"))];
  const examples = entries.filter(({ isFile }) => isFile).map(({ name }) => name);
  assert.deepEqual(examples.toSorted(), Object.keys(PRINTS).toSorted());
  await withTempFolder(async (folder) => {
    const target: Record<string, string> = {
      "library.ts": join(folder, "l.png"),
      "sweep.ts": join(folder, "sweep.svg"),
      "warm_start.ts": folder,
    };
    for (const name of examples) {
      const args = name in target ? [target[name]] : [];
      const { code, stdout, stderr } = await runScript(`examples/${name}`, args);
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" }, name);
      assert.match(stdout, PRINTS[name]);
    }
    for (const name of ["l.png", "dog.png", "cat.png"]) {
      verifyPng(await Deno.readFile(join(folder, name)), { file: name });
    }
    assert.match(await Deno.readTextFile(join(folder, "sweep.svg")), /^<svg .*<\/svg>\s*$/s);
  });
});

Deno.test("a solver of one's own samples in any window, to the sequential result", async () => {
  const { sample } = await sequentialSample(denoiser, { schedule, noise });
  for (const windowSize of [1, 3, 20, 50]) {
    const result = await solve(denoiser, { schedule, noise, windowSize, method: picard, atol: 0 });
    assert.ok(result.converged && result.rounds <= 50);
    result.sample.forEach((x, i) => assert.ok(Math.abs(x - sample[i]) < 1e-12));
  }
});

Deno.test("a solver of one's own is stopped by maxRounds", async () => {
  const options = { schedule, noise, method: picard, maxRounds: 2 };
  const { rounds, converged } = await solve(denoiser, options);
  assert.deepEqual({ rounds, converged }, { rounds: 2, converged: false });
});
