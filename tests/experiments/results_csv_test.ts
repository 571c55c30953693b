import assert from "node:assert/strict";
import type { Cell } from "../../src/experiments/cells.ts";
import type { MeasuredSample } from "../../src/experiments/measured_run.ts";
import { resultsCsv } from "../../src/experiments/results_csv.ts";

function sampleOf(
  swept: Cell["swept"],
  recorded: MeasuredSample["arguments"],
): MeasuredSample {
  const cell: Cell = {
    ...{ id: "a", method: "tqn", seed: 3, repeat: 1, flags: swept, swept },
    ...{ settings: { task: "dit" }, reference: "b" },
  };
  return {
    ...{ cell, path: "/e/runs/a/DiT-1", index: 2, label: "", seed: 5, timesteps: 50 },
    settings: { window: 8, order: "", memory: "", tol: 0.001 },
    figures: {
      rounds: 9,
      nfe: 70,
      seconds: 1,
      residual: 0,
      psnr_db: Infinity,
      ssim: 1,
      max_abs: 0,
    },
    ...{ rounds: [], residuals: [], finished: [], image: "", arguments: recorded },
  };
}

Deno.test("resultsCsv() has a column for every swept flag, the sample and the run's folder", () => {
  const samples = [
    sampleOf({ prompt: 'a "cat", big', cfg_scale: 2 }, { cfg_scale: 2, eta: 0.5 }),
    sampleOf({ window_size: "auto", eta: 1 }, { window_size: 8, prompt: null, cfg_scale: 4 }),
  ];
  const swept = ["prompt", "cfg_scale", "window_size", "eta", "order"];
  assert.deepEqual(resultsCsv(samples, { root: "/e", swept }).split("\n"), [
    "sampler,seed,steps,window,order,memory,tol,rounds,nfe,seconds,residual,psnr_db,ssim,max_abs," +
    "prompt,cfg_scale,window_size,eta,sample,run",
    'tqn,5,50,8,,,0.001,9,70,1.000,0,inf,1.000000,0,"a ""cat"", big",2,,0.5,2,runs/a/DiT-1',
    "tqn,5,50,8,,,0.001,9,70,1.000,0,inf,1.000000,0,,4,auto,1,2,runs/a/DiT-1",
    "",
  ]);
});
