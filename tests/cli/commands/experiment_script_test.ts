import assert from "node:assert/strict";
import { join } from "node:path";
import { Interrupted } from "../../../src/cli/main.ts";
import {
  BusyError,
  FormatError,
  NumericalError,
  StorageError,
  UsageError,
} from "../../../src/errors.ts";
import { RunLock } from "../../../src/runs/run_lock.ts";
import { printed, runsIn, SWEEP, withExperiment } from "../../support/experiment.ts";
import { readManifest } from "../../support/sampling.ts";

const HEADER =
  "sampler,seed,steps,window,order,memory,tol,rounds,nfe,seconds,residual,psnr_db,ssim,max_abs," +
  "window_size,sample,run";

const read = (...path: string[]) => Deno.readTextFile(join(...path));

Deno.test("runExperiment() performs every run once and writes a line for each sample", () =>
  withExperiment(async (start, out) => {
    const sweep = { ...SWEEP, methods: ["tqn", "parataa"], seeds: [3] };
    assert.deepEqual(await start(sweep), [join(out, "report.html")]);
    assert.equal((await runsIn(out)).size, 5);
    const lines = (await read(out, "results.csv")).split("\n");
    assert.equal(lines[0], HEADER);
    assert.equal(lines.length, 7);
    const cells = lines.slice(1, -1).map((line) => line.split(","));
    for (const row of cells) assert.equal(row.length, 17);
    const settings = cells.map(([sampler, seed, steps, window, order, memory, tol]) =>
      [sampler, seed, steps, window, order, memory, tol].join()
    );
    assert.deepEqual(settings, [
      "sequential,3,6,,,,",
      "tqn,3,6,2,,,0.0003",
      "parataa,3,6,2,2,2,0.001",
      "tqn,3,6,6,,,0.0003",
      "parataa,3,6,6,6,2,0.001",
    ]);
    assert.deepEqual(cells.map((row) => row[14]), ["", "2", "2", "6", "6"]);
    for (const row of cells) {
      const { script } = await readManifest(join(out, row[16]));
      assert.deepEqual([row[15], script], ["0", "parallel_dit"]);
    }
    for (const [sampler, , , , , , , rounds, nfe, , residual, psnr, ssim, most] of cells) {
      assert.ok(Number(rounds) > 0 && Number(nfe) >= Number(rounds));
      assert.ok(Number(ssim) > 0.99 && Number(most) < 0.01, sampler);
      if (sampler === "sequential") assert.deepEqual([residual, psnr, most], ["0", "inf", "0"]);
    }
    for (
      const name of ["rounds.svg", "nfe.svg", "residual_by_round.svg", "finished_by_round.svg"]
    ) {
      assert.match(await read(out, name), /^<svg .*<path d="M[^"]+" fill="none"/s, name);
    }
    const sheet = await read(out, "contact_sheet_final.svg");
    for (const label of ["tqn, window_size 2", "sequential", "seed 3"]) {
      assert.ok(sheet.includes(`>${label}</text>`), label);
    }
    assert.match(await read(out, "contact_sheet_rounds.svg"), />start<\/text>/);
  }));

Deno.test("runExperiment() omits unused flags of a method, and performs equal runs once", () =>
  withExperiment(async (start, out) => {
    await start({ grid: { memory_size: [1, 2, 3] }, methods: ["tqn", "parataa", "sequential"] });
    const names = [...(await runsIn(out)).keys()].map((name) => name.split("-")[0]).sort();
    assert.deepEqual(names, ["parataa", "parataa", "parataa", "sequential", "tqn"]);
  }));

Deno.test("runExperiment() accepts list, repeats and metrics", () =>
  withExperiment(async (start, out) => {
    const tolerances = [1e-2, 1e-3].map((tol) => ({ tol1: tol, tol2: tol }));
    await start({ list: tolerances, repeats: 2, metrics: ["seconds", "max_abs"] });
    const runs = [...(await runsIn(out)).keys()];
    assert.equal(runs.length, 5); // two settings twice, one reference
    assert.equal(runs.filter((name) => name.endsWith("-repeat2")).length, 2);
    const page = await read(out, "report.html");
    assert.match(page, /All repeated runs have byte-identical images \(2\)/);
    assert.match(page, />seconds over tol1</);
    assert.doesNotMatch(page, /over tol2/); // it only follows tol1
    await assert.rejects(Deno.stat(join(out, "rounds.svg")), Deno.errors.NotFound);
  }));

Deno.test("runExperiment() reports the finished runs if interrupted, and resumes", () =>
  withExperiment(async (start, out) => {
    const controller = new AbortController();
    const stopping = (async () => {
      for (;;) {
        const made = await runsIn(out).catch(() => new Map());
        if (made.size >= 3) return controller.abort(new Interrupted(130));
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    })();
    await assert.rejects(start(SWEEP, { signal: controller.signal }), Interrupted);
    await stopping;
    const page = await read(out, "report.html");
    assert.match(page, /Unfinished: 2 of 3 runs are finished/);
    assert.match(page, /Not run yet: 1/);
    assert.match(page, /<li>tqn, window_size 6, seed 0<\/li>/);
    assert.equal((await read(out, "results.csv")).split("\n").length, 4);
    const folders = await runsIn(out);
    await start(SWEEP);
    assert.match(await read(out, "report.html"), /All 3 runs are finished/);
    for (const [cell, names] of await runsIn(out)) {
      const before = folders.get(cell) ?? [];
      if (before.length > 0) assert.deepEqual(names, before, "resumed, not made anew");
    }
  }));

Deno.test("runExperiment() repeats a run that cannot be resumed, and keeps the old one", () =>
  withExperiment(async (start, out) => {
    await start({});
    const [cell, [run]] = [...await runsIn(out)].find(([name]) => name.startsWith("tqn"))!;
    const path = join(out, "runs", cell, run), manifest = await readManifest(path);
    const changed = { ...manifest, status: "interrupted", samples: [], outputs: {} };
    changed.versions.parataa = "0.0.1";
    await Deno.writeTextFile(join(path, "manifest.json"), JSON.stringify(changed));
    await start({});
    assert.match(await read(out, "report.html"), /All 2 runs are finished/);
    assert.equal((await runsIn(out)).get(cell)!.length, 2);
  }));

Deno.test("runExperiment() does not change a folder that another process is writing", () =>
  withExperiment(async (start, out) => {
    await start({});
    await using _held = await RunLock.acquire(out);
    const error = await start({}).catch((error) => error);
    assert.ok(error instanceof BusyError, String(error));
    assert.match(error.message, new RegExp(`is being written by process ${Deno.pid}`));
  }));

Deno.test("runExperiment() with --report_only starts no run and names the missing ones", () =>
  withExperiment(async (start, out) => {
    await start(SWEEP, { args: ["--report_only"] });
    assert.match(await read(out, "report.html"), /Unfinished: 0 of 3 runs/);
    assert.equal(await read(out, "results.csv"), `${HEADER}\n`);
    await assert.rejects(Deno.stat(join(out, "runs")), Deno.errors.NotFound);
  }));

Deno.test("runExperiment() with --dry_run lists the runs and their time, and writes nothing", () =>
  withExperiment(async (start, out) => {
    const lines = await start(SWEEP, { args: ["--dry_run"] });
    assert.equal(lines.length, 4);
    assert.match(lines[1], /^about \d+ s +tqn, window_size 2, seed 0$/);
    assert.match(lines[3], /^3 runs, 0 finished; about \d+ s left$/);
    await assert.rejects(Deno.stat(out), Deno.errors.NotFound);
    await start(SWEEP);
    const again = await start(SWEEP, { args: ["--dry_run"] });
    assert.match(again[0], /^finished +sequential, seed 0$/);
    assert.match(again[3], /^3 runs, 3 finished; about 0 s left$/);
  }));

Deno.test("runExperiment() reports runs with NaN, performs the others and exits with E_NUMERICAL", () =>
  withExperiment(async (start, out) => {
    // 3 steps ask for the model's timestep 500, 4 steps do not.
    const error = await start({ grid: { timesteps: [3, 4] } }).catch((error) => error);
    assert.ok(error instanceof NumericalError, String(error));
    assert.match(error.message, /^1 of 4 runs failed, first sequential, timesteps 3, seed 0: /);
    const page = await read(out, "report.html");
    assert.match(page, /Unfinished: 2 of 4 runs/);
    assert.match(page, /<li>sequential, timesteps 3, seed 0: .*not finite/);
    assert.match(page, /<li>tqn, timesteps 3, seed 0<\/li>/);
  }, { nanAt: 500 }));

Deno.test("runExperiment() exits with E_IO if the file system refuses, and loses no run", () =>
  withExperiment(async (start, out) => {
    await start(SWEEP);
    const before = await runsIn(out);
    const blocked = [...before.keys()].find((name) => name.startsWith("tqn"))!;
    await Deno.remove(join(out, "runs", blocked), { recursive: true });
    await Deno.writeTextFile(join(out, "runs", blocked), "in the way");
    const error = await start(SWEEP).catch((error) => error);
    assert.equal(error instanceof StorageError || error instanceof Deno.errors.NotADirectory, true);
    assert.match(await read(out, "report.html"), /Unfinished: /);
    await Deno.remove(join(out, "runs", blocked));
    await start(SWEEP);
    assert.match(await read(out, "report.html"), /All 3 runs are finished/);
  }));

type Refusal = [name: string, text: string, kind: new (...args: never[]) => Error, line: RegExp];

const REFUSED: Refusal[] = [
  [
    "comments",
    '{"script": "dit",\n // one\n}',
    FormatError,
    /sweep\.json: line 2, column 2 .*: "\/"/,
  ],
  [
    "an unknown flag",
    '{"script": "dit",\n "grid": {"windw_size": [8]}}',
    UsageError,
    /line 2, .*--windw_size/,
  ],
  [
    "another name of a flag",
    '{"script": "dit", "arguments": {"steps": 3}}',
    UsageError,
    /timesteps/,
  ],
  [
    "a text for a number",
    '{"script": "dit", "grid": {"order": [1, "2"]}}',
    FormatError,
    /line 1, column 41: grid\.order\.1 is "2", wanted a whole number/,
  ],
  [
    "a number for a switch",
    '{"script": "dit", "arguments": {"fp16": 1}}',
    FormatError,
    /wanted true or false/,
  ],
  [
    "a value outside its range",
    '{"script": "dit", "list": [{"eta": 2}]}',
    UsageError,
    /list\.0\.eta: --eta is "2" but takes/,
  ],
  ["no list", '{"script": "dit", "grid": {"order": 8}}', FormatError, /wanted a list/],
  [
    "an empty list",
    '{"script": "dit", "methods": []}',
    FormatError,
    /methods is \[\], wanted a list/,
  ],
  [
    "an unknown method",
    '{"script": "dit", "methods": ["euler"]}',
    FormatError,
    /wanted one of tqn, /,
  ],
  [
    "an unknown metric",
    '{"script": "dit", "metrics": ["fid"]}',
    FormatError,
    /wanted one of rounds, nfe/,
  ],
  [
    "the seed as a flag",
    '{"script": "dit", "grid": {"seed": [1]}}',
    UsageError,
    /"seeds": \[ … \] names them/,
  ],
  [
    "half a range of seeds",
    '{"script": "dit", "seeds": {"first": 1}}',
    FormatError,
    /\{"first": N, "count": N\}/,
  ],
  [
    "a flag of the command line",
    '{"script": "dit", "arguments": {"json": true}}',
    UsageError,
    /belongs to a command line/,
  ],
  [
    "an unknown key",
    '{"script": "dit", "flags": {}}',
    UsageError,
    /flags is not a key of an experiment/,
  ],
  ["no script", "{}", FormatError, /script is missing, wanted one of dit, flow, sd, sd-winit/],
  ["a list of experiments", "[]", FormatError, /the whole is \[\], wanted an object/],
  [
    "a flag that no method uses",
    '{"script": "dit", "grid": {"order": [1]}}',
    UsageError,
    /order is not used by any of the methods tqn/,
  ],
  [
    "flags that exclude each other",
    '{"script": "sd", "arguments": {"prompt": "a", "prompts_file": "b"}}',
    UsageError,
    /run "sequential": --prompt and --prompts_file/,
  ],
  [
    "too many runs",
    '{"script": "dit", "seeds": {"first": 0, "count": 9999}, "repeats": 2}',
    UsageError,
    /asks for 19998 runs/,
  ],
  ["a hostile key", '{"script": "dit", "arguments": {"__proto__": 1}}', FormatError, /__proto__/],
  [
    "a property of every object",
    '{"script": "dit", "arguments": {"constructor": 1}}',
    UsageError,
    /unknown flag --constructor/,
  ],
];

for (const [name, text, kind, line] of REFUSED) {
  Deno.test(`runExperiment() refuses ${name} before it writes anything`, () =>
    withExperiment(async (start, out) => {
      const error = await start(text).catch((error) => error);
      assert.ok(error instanceof kind, String(error));
      assert.match(error.message, line);
      assert.match(error.message, /sweep\.json/);
      await assert.rejects(Deno.stat(out), Deno.errors.NotFound);
    }));
}

Deno.test("runExperiment() names a file that it cannot read, and flags that exclude each other", async () => {
  await assert.rejects(printed([]), /needs a JSON file/);
  await assert.rejects(printed(["/nowhere.json"]), /\/nowhere\.json cannot be read/);
  const folder = await printed(["tests"]).catch((error) => error);
  assert.ok(folder instanceof UsageError);
  assert.match(
    `${folder.message} - ${folder.hint}`,
    /it is a folder, wanted a file - .*experiment\.json/,
  );
  await assert.rejects(printed(["x.json", "--dry_run", "--report_only"]), /at most one/);
});

Deno.test("runExperiment() creates no folder outside its own for any values", () =>
  withExperiment(async (start, out) => {
    const class_labels = "../../class a, 0 of ours".slice(6);
    await start({
      arguments: { model_path: join(out, "../tiny-dit"), timesteps: 3, class_labels: "0" },
      seeds: [7],
    });
    for (const [cell, [run]] of await runsIn(out)) {
      assert.match(cell, /^[a-z_]+-seed7-[0-9a-f]{12}$/);
      const { arguments: args } = await readManifest(join(out, "runs", cell, run));
      assert.equal(args.class_labels, "0", class_labels);
    }
  }));
