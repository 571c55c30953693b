import assert from "node:assert/strict";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import {
  type DitSettings,
  MismatchError,
  ParataaError,
  resumeRun,
  type RunEvent,
  sampleRun,
  UsageError,
} from "../../../mod.ts";
import { ROOT } from "../../support/run_script.ts";
import { readManifest } from "../../support/sampling.ts";
import { withTempFolder } from "../../support/temp_folder.ts";
import { writeTinyDit } from "../../support/tiny_dit.ts";

const PICARD = join(ROOT, "examples/own_solver.ts");

function withModel(
  test: (model: string, settings: DitSettings, folder: string) => Promise<void>,
): Promise<void> {
  return withTempFolder(async (folder) => {
    const model = await writeTinyDit(folder), outputPath = join(folder, "out");
    const settings = { task: "dit", numInferenceSteps: 8, numSamples: 1, outputPath } as const;
    await test(model, settings, folder);
  });
}

Deno.test("sampleRun() samples with an own solver to the sequential result, and records its file", () =>
  withModel(async (model, settings) => {
    const own = await sampleRun(model, { ...settings, solver: PICARD, atol: 0, windowSize: 5 });
    const sequential = await sampleRun(model, { ...settings, method: "sequential" });
    const wanted = await sequential.samples[0].latent();
    (await own.samples[0].latent()).forEach((x, i) => assert.ok(Math.abs(x - wanted[i]) < 1e-9));
    const { arguments: recorded, inputs } = await readManifest(own.path);
    assert.equal(recorded.method, "own");
    assert.equal(recorded.solver, PICARD);
    assert.match(inputs!.solver.sha256, /^[0-9a-f]{64}$/);
    const { arguments: other } = await readManifest(sequential.path);
    assert.ok(!("solver" in other), "runs without a solver keep their recorded arguments");
  }));

Deno.test("sampleRun() records that a solver doubts its sample, and reports it", () =>
  withModel(async (model, settings, folder) => {
    const solver = join(folder, "solver.ts");
    await Deno.writeTextFile(
      solver,
      `import picard from ${JSON.stringify(pathToFileURL(PICARD).href)};\n` +
        `export default (problem) => ({ ...picard(problem), doubt: "it wavers" });\n`,
    );
    const events: RunEvent[] = [];
    const run = await sampleRun(model, {
      ...settings,
      solver,
    }, { onProgress: (event) => void events.push(event) });
    const { samples: [{ converged, trusted, doubt }] } = await readManifest(run.path);
    assert.deepEqual([converged, trusted, doubt], [true, false, "it wavers"]);
    assert.equal(run.figures.doubtful, 1);
    const notes = events.flatMap((event) => event.event === "note" ? [event.line] : []);
    assert.ok(notes.includes("sample 1 is not trusted: it wavers; check it with verify"));
    assert.ok(events.some((event) => event.event === "sample" && !event.trusted));
  }));

Deno.test("resumeRun() refuses a changed file of an own solver", () =>
  withModel(async (model, settings, folder) => {
    const solver = join(folder, "solver.ts");
    await Deno.copyFile(PICARD, solver);
    const { path } = await sampleRun(model, { ...settings, solver });
    const manifest = join(path, "manifest.json"), text = await Deno.readTextFile(manifest);
    await Deno.writeTextFile(manifest, text.replace('"status": "complete"', '"status": "failed"'));
    await Deno.writeTextFile(solver, "\n// changed\n", { append: true });
    await assert.rejects(resumeRun(path), (error: Error) => {
      assert.ok(error instanceof MismatchError);
      assert.match(error.message, /solver .*solver\.ts is [0-9a-f]{12}, the run in .* has /);
      return true;
    });
  }));

const MODULES: Record<string, [text: string, message: RegExp]> = {
  "exports no solver": ["export default 3;", /its default export is of type number, wanted a func/],
  "has no default export": ["export const a = 1;", /its default export is of type undefined/],
  "throws": ["throw new Error('no');", /cannot be loaded as a module: no$/],
  "is no module": ["export default (;", /cannot be loaded as a module: /],
};
for (const [what, [text, message]] of Object.entries(MODULES)) {
  Deno.test(`sampleRun() refuses a solver that ${what} before it opens a model`, () =>
    withModel(async (_model, settings, folder) => {
      const solver = join(folder, "solver.ts");
      await Deno.writeTextFile(solver, text);
      await assert.rejects(sampleRun(join(folder, "none"), { ...settings, solver }), (error) => {
        assert.ok(error instanceof ParataaError);
        assert.equal(error.exitCode, 3);
        assert.match(error.message, message);
        return true;
      });
    }));
}

const SETTINGS: [Partial<DitSettings>, RegExp][] = [
  [{ method: "own" }, /^method is own without solver, wanted the file of a solver$/],
  [{ method: "tqn", solver: PICARD }, /^solver is not used by method tqn$/],
  [
    { solver: PICARD, windowSize: "auto" },
    /^windowSize is auto but takes a whole number with solver/,
  ],
  [{ solver: PICARD, compat: "official" }, /^compat is not used by method own$/],
];
for (const [settings, message] of SETTINGS) {
  Deno.test(`sampleRun() refuses ${Object.keys(settings)} together`, () =>
    withModel(async (model, base) => {
      await assert.rejects(sampleRun(model, { ...base, ...settings }), (error) => {
        assert.ok(error instanceof UsageError);
        assert.match(error.message, message);
        return true;
      });
    }));
}
