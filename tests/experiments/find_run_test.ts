import assert from "node:assert/strict";
import { join } from "node:path";
import { writeNpy } from "../../src/formats/npy/npy.ts";
import type { Manifest } from "../../src/runs/manifest.ts";
import { runsIn, SWEEP, withExperiment } from "../support/experiment.ts";
import { gatherOutput } from "../support/gathered_output.ts";
import { readManifest } from "../support/sampling.ts";
import { writeTinyDit } from "../support/tiny_dit.ts";

const read = (...path: string[]) => Deno.readTextFile(join(...path));

Deno.test("runExperiment() started again repeats no run and writes the same files", () =>
  withExperiment(async (start, out) => {
    await start(SWEEP);
    const [runs, csv, page] = [
      await runsIn(out),
      await read(out, "results.csv"),
      await read(out, "report.html"),
    ];
    await start(SWEEP);
    assert.deepEqual(await runsIn(out), runs);
    assert.equal(await read(out, "results.csv"), csv);
    assert.equal(await read(out, "report.html"), page);
    await start({ grid: { window_size: [2, 3] } });
    assert.equal((await runsIn(out)).size, runs.size + 1);
  }));

Deno.test("runExperiment() repeats only a damaged run", () =>
  withExperiment(async (start, out) => {
    await start(SWEEP);
    const before = await runsIn(out);
    const [cell, [run]] = [...before].find(([cell]) => cell.startsWith("tqn-"))!;
    const file = join(out, "runs", cell, run, "sample_0/trajectory.safetensors");
    const bytes = await Deno.readFile(file);
    bytes[bytes.length - 1] ^= 1;
    await Deno.writeFile(file, bytes);
    await start(SWEEP);
    const after = await runsIn(out);
    assert.equal(after.get(cell)!.length, 2);
    after.delete(cell);
    before.delete(cell);
    assert.deepEqual(after, before);
  }));

Deno.test("runExperiment() repeats runs if the model or an input file has changed", () =>
  withExperiment(async (start, out) => {
    const folder = join(out, ".."), noise_path = join(folder, "noise.npy");
    const model_path = join(folder, "tiny-dit");
    const writeNoise = (x: number) =>
      Deno.writeFile(noise_path, writeNpy([4, 4, 4, 4], new Float64Array(4 * 64).fill(x)));
    const definition = { arguments: { model_path, timesteps: 3, noise_path } };
    await writeNoise(0.5);
    await start(definition);
    await writeTinyDit(folder, { nanAt: 1001 });
    await start(definition);
    for (const [cell, runs] of await runsIn(out)) assert.equal(runs.length, 2, cell);
    await writeNoise(0.25);
    await start(definition);
    for (const [cell, runs] of await runsIn(out)) assert.equal(runs.length, 3, cell);
  }));

Deno.test("runExperiment() repeats runs if a configuration file is changed or new", () =>
  withExperiment(async (start, out) => {
    const model = join(out, "../tiny-dit"), scheduler = join(model, "scheduler");
    await start({});
    await Deno.mkdir(scheduler, { recursive: true });
    const file = join(scheduler, "scheduler_config.json");
    const write = (betaEnd: number) =>
      Deno.writeTextFile(
        file,
        JSON.stringify({ beta_schedule: "linear", beta_start: 1e-4, beta_end: betaEnd }),
      );
    await write(0.02);
    await start({});
    for (const [cell, runs] of await runsIn(out)) assert.equal(runs.length, 2, cell);
    await write(0.03);
    await start({});
    for (const [cell, runs] of await runsIn(out)) assert.equal(runs.length, 3, cell);
    await start({});
    for (const [cell, runs] of await runsIn(out)) assert.equal(runs.length, 3, cell);
  }));

/** As if another parataa, solver or ONNX Runtime had made a run. */
const OTHERS: [name: string, change: (manifest: Manifest) => unknown, line: RegExp][] = [
  ["version", (m) => m.versions.parataa = "0.0.1", /parataa's version is .* has 0\.0\.1$/],
  ["solver", (m) => m.versions.solver = 0, /the solver's revision is \d+, .* has 0$/],
  ["old solver", (m) => delete m.versions.solver, /the solver's revision .* has not noted$/],
  [
    "ONNX Runtime",
    (m) => m.versions.onnxruntime = "1.2.3",
    /ONNX Runtime's version .* has 1\.2\.3$/,
  ],
  ["library", (m) => m.library.sha256 = "0".repeat(64), /libonnxruntime.* has 000000000000$/],
  ["provider", (m) => m.provider = "cuda", /the provider is cpu, .* has cuda$/],
];

for (const [name, change, line] of OTHERS) {
  Deno.test(`runExperiment() repeats runs of another setup, and notes the reason once: ${name}`, () =>
    withExperiment(async (start, out) => {
      await start({});
      for (const [cell, [run]] of await runsIn(out)) {
        const path = join(out, "runs", cell, run), manifest = await readManifest(path);
        change(manifest);
        await Deno.writeTextFile(join(path, "manifest.json"), JSON.stringify(manifest));
      }
      const { result: listed } = await gatherOutput(() => start({}, { args: ["--dry_run"] }));
      assert.match(listed.at(-1)!, /^2 runs, 0 finished/);
      const { told } = await gatherOutput(() => start({}, { loud: true }));
      const reasons = told.split("\n").filter((line) => line.startsWith("not reused: "));
      assert.equal(reasons.length, 1, told);
      assert.match(reasons[0], line);
      const made = await runsIn(out);
      for (const [cell, runs] of made) assert.equal(runs.length, 2, cell);
      await start({});
      assert.deepEqual(await runsIn(out), made);
    }));
}

Deno.test("runExperiment() with --report_only reports complete runs of any setup, also without a model", () =>
  withExperiment(async (start, out) => {
    await start(SWEEP);
    const csv = await read(out, "results.csv"), made = await runsIn(out);
    for (const [cell, [run]] of made) {
      const path = join(out, "runs", cell, run), manifest = await readManifest(path);
      manifest.versions.solver = 0;
      manifest.provider = "cuda";
      await Deno.writeTextFile(join(path, "manifest.json"), JSON.stringify(manifest));
    }
    await Deno.remove(join(out, "../tiny-dit"), { recursive: true });
    await start(SWEEP, { args: ["--report_only"] });
    assert.equal(await read(out, "results.csv"), csv);
    assert.deepEqual(await runsIn(out), made);
  }));
