import assert from "node:assert/strict";
import type { Cell } from "../../src/experiments/cells.ts";
import { experimentCharts } from "../../src/experiments/charts.ts";
import type { MeasuredSample } from "../../src/experiments/measured_run.ts";

/** A sequential sample of the settings, which took `rounds`. */
function sampleOf(swept: Cell["swept"], rounds: number): MeasuredSample {
  const id = JSON.stringify(swept);
  const cell: Cell = {
    ...{ id, method: "sequential", seed: 0, repeat: 1, flags: swept, swept },
    ...{ settings: { task: "dit" }, reference: id },
  };
  const figures = { rounds, nfe: 1, seconds: 1, residual: 0, psnr_db: 1, ssim: 1, max_abs: 1 };
  const settings = { window: "", order: "", memory: "", tol: "" } as const;
  return {
    ...{ cell, path: "", index: 0, label: "", seed: 0, timesteps: 50, settings, figures },
    ...{ rounds: [], residuals: [], finished: [], image: "", arguments: {} },
  };
}

/** Titles and names of lines of the plots of rounds. */
function texts(settings: readonly Cell["swept"][], swept: readonly string[]): string[][] {
  const samples = settings.map((flags, i) => sampleOf(flags, 10 * i + 1));
  const [{ panels }] = experimentCharts(samples, { metrics: ["rounds"], swept });
  return panels.map(({ body }) =>
    [...body.matchAll(/>(rounds over [^<]+|sequential[^<]*)</g)].map(([, text]) => text)
  );
}

Deno.test("experimentCharts() draws one line per combination of the other flags", () => {
  const list = [
    { timesteps: 50, eta: 0 },
    { timesteps: 100, eta: 0 },
    { timesteps: 50, eta: 1 },
  ];
  assert.deepEqual(texts(list, ["timesteps", "eta"]), [
    ["rounds over timesteps", "sequential, eta 0"],
    ["rounds over eta", "sequential, timesteps 50"],
  ]);
});

Deno.test("experimentCharts() treats flags that change together as one", () => {
  const list = [{ tol1: 0.1, tol2: 0.1 }, { tol1: 0.01, tol2: 0.01 }];
  assert.deepEqual(texts(list, ["tol1", "tol2"]), [["rounds over tol1", "sequential"]]);
});

Deno.test("experimentCharts() averages over the other flags if lines would be too many or single points", () => {
  const apart = [{ timesteps: 50, eta: 0 }, { timesteps: 100, eta: 1 }, {
    timesteps: 100,
    eta: 0.5,
  }];
  assert.deepEqual(texts(apart, ["timesteps", "eta"])[0], [
    "rounds over timesteps (mean over the other flags)",
    "sequential",
  ]);
  const etas = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7];
  const many = etas.flatMap((eta) => [{ timesteps: 50, eta }, { timesteps: 100, eta }]);
  assert.deepEqual(texts(many, ["timesteps", "eta"])[0], [
    "rounds over timesteps (mean over the other flags)",
    "sequential",
  ]);
});
