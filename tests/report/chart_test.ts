import assert from "node:assert/strict";
import { barPanel, curvePanel, linePanel } from "../../src/report/chart.ts";
import { figure } from "../../src/report/svg.ts";

const count = (text: string, what: RegExp) => text.match(what)?.length ?? 0;

Deno.test("linePanel() draws a dot for every point and a line through the means, left to right", () => {
  const points = [{ x: 8, y: 10 }, { x: 2, y: 4 }, { x: 2, y: 6 }];
  const { body } = linePanel("rounds", [{ name: "tqn", points }], { x: "log", y: "linear" });
  assert.equal(count(body, /<circle /g), 3);
  const [, path] = body.match(/<path d="M([^"]+)" fill="none"/)!;
  const places = path.split("L").map((place) => place.split(" ").map(Number));
  assert.equal(places.length, 2);
  assert.ok(places[0][0] < places[1][0] && places[0][1] > places[1][1], path);
  for (const tick of [">2<", ">8<"]) assert.ok(body.includes(tick), tick);
});

Deno.test("curvePanel() ends a curve on a logarithmic axis before a value of 0", () => {
  const values = [1, 0.1, 0, 0.1];
  const length = (scale?: "linear") => {
    const { body } = curvePanel("residual", [{ name: "a", values }], scale);
    return body.match(/<path d="M([^"]+)" fill="none"/)![1].split("L").length;
  };
  assert.deepEqual([length(), length("linear")], [2, 4]);
});

Deno.test("charts contain no NaN without data, and no markup of names", () => {
  for (
    const panel of [
      curvePanel("<b>", [{ name: '"&', values: [] }]),
      linePanel("<b>", [{ name: "<i>", points: [{ x: 1, y: 0 }] }], { x: "linear", y: "log" }),
      barPanel("<b>", [{ name: "<i>", values: [0] }]),
    ]
  ) {
    const svg = figure([panel], 1);
    assert.equal(count(svg, /NaN|Infinity|undefined/g), 0, svg);
    assert.equal(count(svg, /<[bi]>/g), 0);
  }
});
