import assert from "node:assert/strict";
import type { Image } from "../../src/images/image.ts";
import { linePanel } from "../../src/report/chart.ts";
import { heatmap } from "../../src/report/heatmap.ts";
import type { ReportModel, ReportSample } from "../../src/report/report_model.ts";
import { reportPage } from "../../src/report/report_page.ts";
import { pngUri, strip } from "../../src/report/strip.ts";

const grey: Image = { width: 4, height: 4, data: new Uint8Array(48).fill(99) };
const HOSTILE = `<script>alert("1")</script>&'`;

const round = { round: 1, windowStart: 0, windowEnd: 2, evaluations: 2, finishedIndex: 0 };
const SAMPLE: ReportSample = {
  ...{ setting: HOSTILE, label: HOSTILE, seed: 3, folder: HOSTILE, figures: HOSTILE },
  rounds: strip([grey, grey, grey]),
  sequential: strip([grey]),
  heat: {
    uri: pngUri(heatmap([{ ...round, residuals: [1, 0.1] }, { ...round, residuals: [0, 0] }], 2)),
    ...{ steps: 2, rounds: 2 },
  },
  ...{ finished: [1, 0], residuals: [1, 0], evaluations: [2, 2] },
};
const REPORT: ReportModel = {
  title: HOSTILE,
  about: HOSTILE,
  status: { done: 3, wanted: 3, missing: [], failed: [] },
  made: [[HOSTILE, [HOSTILE, "b"]]],
  notes: [HOSTILE],
  table: { head: ["setting", HOSTILE], rows: [[HOSTILE, HOSTILE]] },
  charts: [{
    label: HOSTILE,
    panel: linePanel(HOSTILE, [{ name: HOSTILE, points: [{ x: 1, y: 2 }] }], {
      x: "linear",
      y: "linear",
    }),
  }],
  samples: [SAMPLE, SAMPLE],
  leftOut: 0,
  definition: HOSTILE,
};

const all = (text: string, what: RegExp) =>
  [...text.matchAll(what)].map(([whole, part]) => part ?? whole);

Deno.test("reportPage() refers to no other file or host, and its policy forbids any", () => {
  const page = reportPage(REPORT);
  const addresses = all(page, /(?:src|href|action|url)\s*[=(]\s*["']?([^"')\s>]*)/g);
  assert.ok(addresses.length >= 5);
  // The links to the runs' folders lie below the page's own.
  for (const address of addresses) assert.match(address, /^(data:(image\/png;base64,|,$)|\.\/)/);
  const others = all(page.replaceAll("http://www.w3.org/2000/svg", ""), /\w+:\/\//g);
  assert.deepEqual(others, []);
  assert.match(
    page,
    /http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:/,
  );
  for (const word of ["fetch(", "import", "XMLHttpRequest", "WebSocket"]) {
    assert.ok(!page.includes(word), word);
  }
});

Deno.test("reportPage() escapes all text", () => {
  const page = reportPage(REPORT);
  assert.equal(all(page, /<script>/g).length, 1); // its own
  assert.ok(!page.includes(`alert("1")`));
  assert.ok(all(page, /&lt;script&gt;/g).length >= 15);
});

Deno.test("reportPage() labels every slider, describes every image and repeats no id", () => {
  const page = reportPage(REPORT);
  const sliders = all(page, /<input type="range" id="([^"]+)"/g);
  assert.deepEqual(sliders, ["all", "round-0", "round-1"]);
  for (const id of sliders) assert.ok(page.includes(`<label for="${id}">`), id);
  for (const image of all(page, /<img [^>]*>/g)) assert.match(image, / alt="[^"]+"/);
  for (const chart of all(page, /<svg [^>]*>/g)) {
    assert.match(chart, / role="img" aria-label="[^"]+"/);
  }
  const ids = all(page, / id="([^"]+)"/g);
  assert.equal(new Set(ids).size, ids.length);
  assert.match(page, /<html lang="en">/);
  assert.match(page, /prefers-color-scheme: dark/);
  for (const element of ["main", "section", "article", "table", "details", "figure", "div"]) {
    const opened = all(page, new RegExp(`<${element}[ >]`, "g")).length;
    assert.equal(all(page, new RegExp(`</${element}>`, "g")).length, opened, element);
  }
});

Deno.test("reportPage() of an unfinished experiment lists missing and failed runs", () => {
  const missing = Array.from({ length: 25 }, (_, i) => `run ${i}`);
  const failed = [{ name: "run x", message: "NaN" }];
  const page = reportPage({ ...REPORT, status: { done: 2, wanted: 28, missing, failed } });
  assert.match(page, /Unfinished: 2 of 28 runs are finished/);
  assert.match(page, /Not run yet: 25/);
  assert.match(page, /<li>run 19<\/li><li>… and 5 more<\/li>/);
  assert.match(page, /<li>run x: NaN<\/li>/);
  const none = { ...REPORT, samples: [], charts: [], table: { head: [], rows: [] } };
  const status = { done: 0, wanted: 1, missing: ["run 0"], failed: [] };
  assert.match(reportPage({ ...none, status }), /Unfinished: 0 of 1/);
});

Deno.test("reportPage() links to the folder of every sample", () => {
  const links = (folder: string) =>
    all(reportPage({ ...REPORT, samples: [{ ...SAMPLE, folder }] }), /<a href="([^"]*)"/g);
  assert.deepEqual(links("runs/tqn-1/DiT-2/sample_0"), ["./runs/tqn-1/DiT-2/sample_0/"]);
  assert.deepEqual(links("javascript:a/b #?%\ud800"), [
    "./javascript%3Aa/b%20%23%3F%25%EF%BF%BD/",
  ]);
});
