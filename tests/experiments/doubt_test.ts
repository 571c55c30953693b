import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { withExperiment } from "../support/experiment.ts";
import { ROOT } from "../support/run_script.ts";

Deno.test("the report says which sample its solver does not trust, and why", () =>
  withExperiment(async (start, out) => {
    const picard = pathToFileURL(join(ROOT, "examples/own_solver.ts")).href;
    const solver = join(dirname(out), "solver.ts");
    await Deno.writeTextFile(
      solver,
      `import picard from ${JSON.stringify(picard)};\n` +
        `export default (problem) => ({ ...picard(problem), doubt: "it wavers" });\n`,
    );
    await start({ methods: ["own"], grid: { solver: [solver] }, seeds: [3] });
    const page = await Deno.readTextFile(join(out, "report.html"));
    assert.match(page, /dB; not trusted: it wavers/);
  }));
