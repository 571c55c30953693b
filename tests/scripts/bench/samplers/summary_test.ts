import assert from "node:assert/strict";
import { figures } from "../../../../scripts/bench/samplers/figures.ts";
import type { Measurement } from "../../../../scripts/bench/samplers/results_file.ts";
import { printBars, printSummary, summarise } from "../../../../scripts/bench/samplers/summary.ts";

function run(method: string, seed: number, figures: Partial<Measurement>): Measurement {
  return {
    ...{ key: `${method}${seed}`, model: "dit", steps: 50, eta: 0, guidance: 4, window: 50 },
    ...{ method, seed, rounds: 10, evaluations: 100, error: 1e-4, errors: [1, 1e-4], seconds: 1 },
    ...figures,
  };
}

const runs = [
  ...[run("parataa-2", 0, { rounds: 20 }), run("parataa-2", 1, { rounds: 30 })],
  ...[run("parataa-3", 0, { evaluations: 400 }), run("parataa-3", 1, { rounds: 30 })],
  ...[run("tqn", 0, { rounds: 8, evaluations: 60, roundsTo1e3: 7 }), run("tqn", 1, { rounds: 12 })],
];

Deno.test("printBars() compares each figure with the better ParaTAA", () => {
  const lines: string[] = [];
  printBars(summarise(runs), (line) => lines.push(line));
  // Rounds 10 over 20 of memory 3, evaluations 80 over 100 of memory 2.
  assert.match(lines[1], /window T +tqn +rounds 0\.500 +evaluations 0\.800$/);
});

Deno.test("printSummary() prints how many seeds reached a threshold", () => {
  const lines: string[] = [];
  printSummary(summarise(runs), (line) => lines.push(line));
  assert.match(lines.at(-1)!, /^tqn +10\.0 +80 +- +7\.0 1\/2 /);
});

Deno.test("printSummary() counts the runs that are not trusted, last", () => {
  const lines: string[] = [];
  const doubted = [run("tqn", 0, { trusted: false }), run("tqn", 1, { trusted: true })];
  printSummary(summarise(doubted), (line) => lines.push(line));
  assert.match(lines.at(-1)!, / 1$/);
});

Deno.test("figures() draws every method of every setting without NaN", () => {
  for (const [name, svg] of figures(summarise(runs))) {
    assert.match(svg, /^<svg .*<\/svg>\n$/s, name);
    assert.doesNotMatch(svg, /NaN|Infinity|undefined/, name);
    for (const method of ["parataa-2", "parataa-3", "tqn"]) assert.ok(svg.includes(`>${method}<`));
  }
});

Deno.test("figures() end a curve where an error is 0", () => {
  const exact = [run("tqn", 0, { rounds: 3, errors: [1, 0.1, 0] })];
  assert.doesNotMatch(figures(summarise(exact)).get("errors.svg")!, /NaN|Infinity/);
});
