import assert from "node:assert/strict";
import { experimentCharts } from "../../src/experiments/charts.ts";
import type { MeasuredSample } from "../../src/experiments/measured_run.ts";
import {
  DARK,
  fillOf,
  LIGHT,
  MAX_SERIES,
  numberSeries,
  seriesStyle,
  strokeOf,
} from "../../src/report/series.ts";

/** Relative luminance of WCAG 2. */
function luminance(colour: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

Deno.test("numberSeries() numbers each name once, and 28 names differ in style", () => {
  const numberOf = numberSeries();
  assert.deepEqual(["b", "a", "b", "c"].map(numberOf), [0, 1, 0, 2]);
  const looks = Array.from({ length: 4 * MAX_SERIES }, (_, i) => strokeOf(i));
  assert.equal(new Set(looks).size, looks.length);
  assert.equal(fillOf(MAX_SERIES + 2), 'class="f2"');
});

Deno.test("DARK has as many colours as LIGHT, each with a contrast of 6 to the background", () => {
  assert.equal(new Set(DARK).size, LIGHT.length);
  const paper = luminance("#14161a");
  for (const colour of DARK) {
    const contrast = (luminance(colour) + 0.05) / (paper + 0.05);
    assert.ok(contrast >= 6, `${colour}: ${contrast}`);
  }
  assert.match(seriesStyle(DARK), /^\.s0\{stroke:#4f9bea\}\.f0\{fill:#4f9bea\}\.s1\{/);
});

Deno.test("experimentCharts() draws a setting in the same colour in all plots", () => {
  const sampleOf = (method: "tqn" | "parataa", eta: number): MeasuredSample => {
    const swept = { eta }, id = `${method} ${eta}`;
    return {
      cell: {
        ...{ id, method, seed: 0, repeat: 1, flags: swept, swept },
        ...{ settings: { task: "dit" }, reference: id },
      },
      ...{ path: "", index: 0, label: "", seed: 0, timesteps: 50, arguments: {} },
      settings: { window: "", order: "", memory: "", tol: "" },
      // Without rounds parataa is missing in one plot and second in the others.
      figures: {
        ...{ rounds: method === "tqn" ? 3 : NaN, nfe: 1, seconds: 1, residual: 0 },
        ...{ psnr_db: 1, ssim: 1, max_abs: 0 },
      },
      rounds: [{
        ...{ round: 1, windowStart: 0, windowEnd: 1, evaluations: 1, finishedIndex: 0 },
        residuals: [1],
      }],
      ...{ residuals: [1], finished: [0], image: "" },
    };
  };
  const samples = [0, 1].flatMap((eta) => [sampleOf("parataa", eta), sampleOf("tqn", eta)]);
  const charts = experimentCharts(samples, { metrics: ["rounds", "nfe", "ssim"], swept: ["eta"] });
  const colours = new Map<string, Set<string>>();
  let plots = 0;
  for (const { panels } of charts) {
    for (const { body } of panels) {
      plots++;
      const legend = /class="(s\d)"[^>]* stroke-width="4"\/><text[^>]*>([^<]+)</g;
      for (const [, colour, name] of body.matchAll(legend)) {
        colours.set(name, (colours.get(name) ?? new Set()).add(colour));
      }
    }
  }
  assert.equal(plots, 5);
  const names = ["parataa", "tqn", "parataa, eta 0", "tqn, eta 0", "parataa, eta 1", "tqn, eta 1"];
  assert.deepEqual([...colours.keys()], names);
  const all = [...colours.values()];
  for (const [i, set] of all.entries()) assert.equal(set.size, 1, names[i]);
  assert.equal(new Set(all.flatMap((set) => [...set])).size, names.length);
});
