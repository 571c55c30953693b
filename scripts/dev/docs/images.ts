/**
 * Generates the images of docs/images from samples, measurements and models in the repository.
 * @module
 */
import { join } from "node:path";
import {
  contactSheet,
  curvePanel,
  DitPipeline,
  encodePng,
  Environment,
  figure,
  type Image,
  linePanel,
  type Method,
  parallelSample,
  readImage,
  sequentialSample,
  TorchGenerator,
} from "../../../mod.ts";
import { DARK, seriesStyle } from "../../../src/report/series.ts";

const SAMPLES = "output/samples", BENCH = "output/bench/results.csv";
/** Page of simulated speeds, and the "window" of sequential sampling in its tables. */
const SIMULATED = "docs/simulated-gpus.md", SPLIT = "CFG split";
/** Size of the images of `contactSheet()` and the gap between them, in pixels. */
const SIDE = 64, GAP = 2;

/** Functions that generate the images, by file name. */
export const IMAGES: Readonly<Record<string, () => Promise<Uint8Array>>> = {
  "rounds.png": roundsSheet,
  "emoji.png": emojiSheet,
  "convergence.svg": () => inBothThemes(convergence()),
  "windows.svg": () => inBothThemes(roundsByWindow()),
  "devices.svg": () => inBothThemes(simulatedSpeedUp()),
  "licence.svg": async () => badge("licence", (await config()).license),
  "version.svg": async () => badge("version", (await config()).version),
  "deno.svg": () => Promise.resolve(badge("Deno", "2")),
};

/** Writes every image into `folder`. */
export async function writeImages(folder: string): Promise<void> {
  for (const [name, make] of Object.entries(IMAGES)) {
    await Deno.writeFile(join(folder, name), await make());
  }
}

const text = (content: string) => new TextEncoder().encode(content);

async function config(): Promise<{ license: string; version: string }> {
  return JSON.parse(await Deno.readTextFile("deno.json"));
}

/** Returns a badge for the top of the README. */
function badge(name: string, value: string): Uint8Array {
  const left = 7 * name.length + 12, width = left + 7 * value.length + 14;
  const label = `${name}: ${value}`;
  return text(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="20" role="img" ` +
      `aria-label="${label}" font-family="Verdana,sans-serif" font-size="11" fill="#fff">` +
      `<title>${label}</title>` +
      `<clipPath id="r"><rect width="${width}" height="20" rx="3"/></clipPath>` +
      `<g clip-path="url(#r)"><rect width="${left}" height="20" fill="#555"/>` +
      `<rect x="${left}" width="${width - left}" height="20" fill="#0a66c2"/></g>` +
      `<text x="6" y="14">${name}</text><text x="${left + 7}" y="14">${value}</text></svg>\n`,
  );
}

/** Returns the images of the first shipped DiT sample, one for each round. */
async function roundsSheet(): Promise<Uint8Array> {
  const run = [...Deno.readDirSync(SAMPLES)].find(({ name }) => name.startsWith("DiT-"))!.name;
  const folder = join(SAMPLES, run, "sample_0"), images: Image[] = [];
  const rounds = [...Deno.readDirSync(folder)].filter(({ name }) => /^step_\d+\.png$/.test(name));
  for (let round = 0; round < rounds.length; round++) {
    images.push(await imageOf(join(folder, `step_${round}.png`)));
  }
  const captions = images.map((_, round) => `round ${round}`);
  return encodePng(contactSheet(images, { columns: 9, captions }));
}

/** Returns the sheet of 64 emoji in four rows of 16. */
async function emojiSheet(): Promise<Uint8Array> {
  const file = join(SAMPLES, "dit-emoji-64.png"), columns = 10;
  const sheet = await imageOf(file);
  const width = columns * (SIDE + GAP) + GAP;
  const pitch = (sheet.height - GAP) / Math.ceil(64 / columns); // an image, its caption and a gap
  if (sheet.width !== width || !Number.isInteger(pitch) || pitch < SIDE + GAP) {
    throw new RangeError(
      `${file} is ${sheet.width}x${sheet.height}, wanted ${columns} images per row`,
    );
  }
  const images = Array.from({ length: 64 }, (_, i) =>
    crop(sheet, {
      x: GAP + (i % columns) * (SIDE + GAP),
      y: GAP + Math.floor(i / columns) * pitch,
    }));
  return encodePng(contactSheet(images, { columns: 16 }));
}

/** Plots the error of x_0 after every round of one chain, for four methods. */
async function convergence(): Promise<string> {
  using env = Environment.open();
  await using pipeline = await DitPipeline.open(env, "models/dit-emoji");
  const schedule = pipeline.createSchedule({ numInferenceSteps: 50 });
  const denoiser = pipeline.createDenoiser(10, { schedule, guidanceScale: 4 });
  const noise = new TorchGenerator(0).randn(51 * denoiser.rowSize);
  const { sample: wanted } = await sequentialSample(denoiser, { schedule, noise });
  const methods: { name: string; method: Method; order?: number }[] = [
    { name: "TQN", method: "tqn" },
    { name: "ParaTAA", method: "parataa" },
    { name: "fixed point, order 50", method: "fixed_point" },
    { name: "fixed point, order 1", method: "fixed_point", order: 1 },
  ];
  const curves = [];
  for (const { name, ...options } of methods) {
    const values: number[] = [];
    for await (const { sample } of parallelSample(denoiser, { schedule, noise, ...options })) {
      values.push(relativeRms(sample, wanted));
    }
    curves.push({ name, values });
  }
  return figure([curvePanel("Relative error of x_0 by round", curves)], 1);
}

/** Plots the mean rounds of ten seeds by window size, for both models. */
async function roundsByWindow(): Promise<string> {
  const [head, ...rows] = (await Deno.readTextFile(BENCH)).trim().split("\n")
    .map((line) => line.split(","));
  const runs = rows.map((row) => Object.fromEntries(head.map((name, i) => [name, row[i]])));
  const wanted = { steps: "50", eta: "0", guidance: "4" };
  const methods = { tqn: "TQN", "parataa-2": "ParaTAA, memory 2", "fp-T": "fixed point, order 50" };
  const panels = ["dit", "sd"].map((model) => {
    const mine = runs.filter((run) =>
      run.model === model && Object.entries(wanted).every(([name, value]) => run[name] === value)
    );
    const lines = Object.entries(methods).map(([method, name]) => ({
      name,
      points: mine.filter((run) => run.method === method)
        .map((run) => ({ x: Number(run.window), y: Number(run.rounds) })),
    }));
    return linePanel(`Rounds by window, ${model}-emoji, 50 steps`, lines, {
      x: "linear",
      y: "linear",
    });
  });
  return figure(panels, 2);
}

/** Plots the speed in the best window over simulated devices, from docs/simulated-gpus.md. */
async function simulatedSpeedUp(): Promise<string> {
  const page = await Deno.readTextFile(SIMULATED);
  const panels = [50, 100].map((steps) => {
    const [head, , ...rows] = tableAfter(page, `<!-- generated: simulated-t${steps} -->`);
    const counts = head.slice(2).map((name) => parseInt(name));
    const speeds = rows.map(([network, window, ...cells]) => ({
      ...{ network, window },
      points: cells.map((cell, i) => ({ x: counts[i], y: Number(cell.replaceAll("*", "")) })),
    }));
    const parallel = speeds.filter(({ window }) => window !== SPLIT);
    const lines = [...new Set(parallel.map(({ network }) => network))].map((name) => {
      const windows = parallel.filter(({ network }) => network === name);
      const best = (i: number) => Math.max(...windows.map(({ points }) => points[i].y));
      return { name, points: counts.map((x, i) => ({ x, y: best(i) })) };
    });
    const [{ network, points }] = speeds.filter(({ window }) => window === SPLIT);
    const two = points.find(({ y }) => y > 0)!; // more devices do not help
    lines.push({
      name: `${network}, sequential with CFG split`,
      points: counts.filter((x) => x >= two.x).map((x) => ({ x, y: two.y })),
    });
    const title = `SIMULATED: speed by number of devices, ${steps} steps`;
    return linePanel(title, lines, { x: "log", y: "linear" });
  });
  return figure(panels, 2);
}

/** Returns the cells of the first table after a mark. */
function tableAfter(markdown: string, mark: string): string[][] {
  const [, rest] = markdown.split(mark);
  if (rest === undefined) throw new RangeError(`${SIMULATED} has no ${mark}`);
  return rest.trim().split("\n\n")[0].split("\n")
    .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
}

async function imageOf(file: string): Promise<Image> {
  return await readImage(await Deno.readFile(file), { file });
}

function crop({ width, data }: Image, { x, y }: { x: number; y: number }): Image {
  const image = { width: SIDE, height: SIDE, data: new Uint8Array(3 * SIDE * SIDE) };
  for (let row = 0; row < SIDE; row++) {
    const from = 3 * ((y + row) * width + x);
    image.data.set(data.subarray(from, from + 3 * SIDE), 3 * row * SIDE);
  }
  return image;
}

function relativeRms(x: Float64Array, wanted: Float64Array): number {
  const squares = (values: Float64Array) => values.reduce((sum, value) => sum + value ** 2, 0);
  return Math.sqrt(squares(x.map((value, i) => value - wanted[i])) / squares(wanted));
}

/** Adds a dark theme to a figure, for readers whose system is dark. */
async function inBothThemes(svg: Promise<string>): Promise<Uint8Array> {
  const dark = ".paper{fill:#0d1117}.ink{fill:#e6edf3}.grid{stroke:#30363d}.dot{fill:#e6edf3}" +
    seriesStyle(DARK);
  const media = `@media (prefers-color-scheme: dark){${dark}}</style>`;
  return text((await svg).replace("</style>", media));
}
