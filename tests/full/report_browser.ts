/**
 * The report of an experiment in headless Chromium; skipped where there is none.
 * `PARATAA_SCREENSHOTS=DIR` keeps images to look at.
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { runExperiment } from "../../src/cli/commands/experiment_script.ts";
import { findChromium, Page, type View } from "../support/browser.ts";
import { withTempFolder } from "../support/temp_folder.ts";

const chromium = await findChromium();
const keep = Deno.env.get("PARATAA_SCREENSHOTS");

const DEFINITION = {
  script: "dit",
  about: "Windows of three solvers, for the test of the report.",
  arguments: { timesteps: 20, class_labels: "cat face" },
  grid: { window_size: [5, 20] },
  methods: ["fixed_point", "parataa", "tqn"],
  metrics: ["rounds", "nfe", "psnr_db"],
};

const WIDE: View = { width: 1200, height: 1400, scheme: "light" };
const PHONE: View = { width: 360, height: 1400, scheme: "dark" };

async function experiment(file: string, out: string, ...args: string[]): Promise<void> {
  const { log } = console;
  console.log = () => {};
  try {
    await runExperiment([file, "-o", out, "--quiet", ...args], new AbortController().signal);
  } finally {
    console.log = log;
  }
}

async function shoot(page: Page, name: string, view: View): Promise<void> {
  const png = await page.screenshot(view);
  if (keep) await Deno.writeFile(join(keep, `${name}.png`), png);
}

/** Ratio of two colours as WCAG 2 defines it, of an element's text to its nearest background. */
const CONTRAST = `(selector) => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const level = (c) => c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * level(r) + 0.7152 * level(g) + 0.0722 * level(b);
  return Math.min(...[...document.querySelectorAll(selector)].map((element) => {
    let ground = element;
    while (ground && (parse(getComputedStyle(ground).backgroundColor)[3] ?? 1) === 0) ground = ground.parentElement;
    const a = light(parse(getComputedStyle(element).color));
    const b = light(parse(getComputedStyle(ground).backgroundColor));
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  }));
}`;

/** Texts of charts that leave their image. */
const CLIPPED = `[...document.querySelectorAll("svg")].flatMap((svg) => {
  const { width, height } = svg.viewBox.baseVal;
  return [...svg.querySelectorAll("text")].filter((text) => {
    const box = text.getBBox();
    return box.x < 0 || box.y < 0 || box.x + box.width > width || box.y + box.height > height;
  }).map((text) => text.textContent);
})`;

Deno.test({
  name:
    "report.html works in Chromium: sliders, keyboard, light and dark, wide and narrow, no error and no request",
  ignore: chromium === undefined,
  fn: () =>
    withTempFolder(async (folder) => {
      const file = join(folder, "windows.json"), out = join(folder, "out");
      await Deno.writeTextFile(file, JSON.stringify(DEFINITION));
      await experiment(file, out);
      await using page = await Page.open(chromium!, join(out, "report.html"));

      await shoot(page, "report-light", WIDE);
      assert.deepEqual(await page.evaluate(CLIPPED), []);
      await shoot(page, "report-dark", { ...WIDE, scheme: "dark" });
      for (const scheme of ["light", "dark"] as const) {
        await page.look({ ...WIDE, scheme });
        const contrast = await page.evaluate(
          `(${CONTRAST})("h1, p, td, th, figcaption, dt, dd, label")`,
        );
        assert.ok(Number(contrast) >= 4.5, `${scheme}: ${contrast}`);
      }
      const brightness = (view: View) =>
        page.look(view).then(() =>
          page.evaluate(
            "Number(getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0])",
          )
        );
      assert.ok(Number(await brightness(WIDE)) > 200);
      assert.ok(Number(await brightness({ ...WIDE, scheme: "dark" })) < 60);

      const first = "document.querySelector('article')";
      const state = () =>
        page.evaluate(`(() => {
          const article = ${first}, film = article.querySelector(".film");
          return [article.querySelector("output").textContent, film.style.objectPosition, film.alt,
            article.querySelector(".now").style.top, article.querySelector("input").getAttribute("aria-valuetext")];
        })()`) as Promise<string[]>;
      const before = await state();
      assert.match(before[0], /^(\d+) of \1, finished down to step 0, residual /);
      await page.evaluate(`${first}.querySelector("input").focus(); ${first}.scrollIntoView()`);
      for (let i = 0; i < 5; i++) await page.press("ArrowLeft", 37);
      const after = await state();
      const last = Number(before[0].split(" ")[0]);
      assert.match(after[0], new RegExp(`^${last - 5} of ${last}, finished down to step [1-9]`));
      for (const i of [1, 2, 3, 4]) assert.notEqual(after[i], before[i]);
      await shoot(page, "report-slider", WIDE);
      await page.press("Home", 36);
      assert.equal((await state())[0], `0 of ${last}, the start`);

      await page.evaluate("document.querySelector('#all').focus()");
      await page.press("Home", 36);
      for (let i = 0; i < 3; i++) await page.press("ArrowRight", 39);
      const rounds = await page.evaluate(
        "[...document.querySelectorAll('article output')].map((output) => output.textContent.split(' ')[0])",
      );
      assert.deepEqual(new Set(rounds as string[]), new Set(["3"]));
      await shoot(page, "report-all-sliders-phone", PHONE);
      assert.equal(await page.evaluate("document.documentElement.scrollWidth"), PHONE.width);
      await page.evaluate("scrollTo(0, 0)");
      await shoot(page, "report-phone", { ...PHONE, scheme: "light" });

      assert.deepEqual(page.console, []);
      assert.deepEqual(page.requests, [`file://${join(out, "report.html")}`]);
      const { size } = await Deno.stat(join(out, "report.html"));
      assert.ok(size < 1e6, `${size} bytes`);
    }),
});

Deno.test({
  name:
    "the plots and sheets of an experiment, and the report of an unfinished one, open in Chromium without an error",
  ignore: chromium === undefined,
  fn: () =>
    withTempFolder(async (folder) => {
      const file = join(folder, "windows.json"), out = join(folder, "out");
      await Deno.writeTextFile(file, JSON.stringify({ ...DEFINITION, methods: ["tqn"] }));
      await experiment(file, out);
      await Deno.writeTextFile(file, JSON.stringify({ ...DEFINITION, seeds: [0, 1] }));
      await experiment(file, out, "--report_only");
      let count = 0;
      for await (const { name } of Deno.readDir(out)) {
        if (!/\.(svg|html)$/.test(name)) continue;
        count++;
        await using page = await Page.open(chromium!, join(out, name));
        await shoot(page, `unfinished-${name}`, { ...WIDE, height: 700 });
        assert.deepEqual(page.console, [], name);
        assert.deepEqual(page.requests, [`file://${join(out, name)}`]);
      }
      assert.equal(count, 8);
    }),
});
