/**
 * Measures rounds, evaluations and errors of every sampler on the embedded models, against the
 * sequential sample of the same noise and condition. Results are appended as JSON lines, so that an
 * interrupted run resumes. `--help` lists the flags.
 * @module
 */
import { join } from "node:path";
import { helpText } from "../../src/cli/help.ts";
import { runMain } from "../../src/cli/main.ts";
import { parseFlags } from "../../src/arguments/parse_flags.ts";
import { Environment } from "../../src/runtime/environment.ts";
import { addSolver, cellKey, type Grid, problems } from "./samplers/cells.ts";
import { figures } from "./samplers/figures.ts";
import { type BenchFlags, FLAGS, grids } from "./samplers/flags.ts";
import { Laboratory } from "./samplers/laboratory.ts";
import { measure } from "./samplers/measure.ts";
import { type Measurement, ResultsFile, toCsv } from "./samplers/results_file.ts";
import { printBars, printSummary, summarise } from "./samplers/summary.ts";

const SUMMARY = {
  name: "samplers",
  about: "Measures every sampler on the embedded models: rounds, evaluations, errors.",
  example: "deno task bench:samplers --model dit --steps 50 --eta 0 --window 0 --seeds 3",
};

/** Returns all measurements of a grid in its order, after measuring the missing ones. */
async function measureGrid(
  env: Environment,
  grid: Grid,
  { flags, results, signal }: { flags: BenchFlags; results: ResultsFile; signal: AbortSignal },
): Promise<Measurement[]> {
  const measurements: Measurement[] = [];
  for (const model of grid.models) {
    const path = flags[`${model}_path`];
    await using laboratory = await Laboratory.open(env, model, { path, threads: flags.threads });
    for (const { problem, cells } of problems({ ...grid, models: [model] })) {
      const known = (cell: typeof cells[number]) => results.get(cellKey(cell, laboratory.network));
      const missing = cells.filter((cell) => !known(cell));
      if (missing.length > 0) {
        const { steps, eta, guidance, seed } = problem;
        console.error(`${model} T${steps} eta ${eta} guidance ${guidance} seed ${seed}`);
        for await (const measurement of measure(laboratory, { problem, cells: missing }, signal)) {
          await results.add(measurement);
        }
      }
      for (const cell of cells) measurements.push(known(cell)!);
    }
  }
  return measurements;
}

async function bench(args: readonly string[], signal: AbortSignal): Promise<void> {
  if (args.includes("--help")) return console.log(helpText(SUMMARY, FLAGS));
  const flags = parseFlags(FLAGS, args).values;
  for (const method of flags.method.split(",")) {
    if (/\.[jt]s$/.test(method)) await addSolver(method);
  }
  const wanted = grids(flags);
  await Deno.mkdir(flags.output, { recursive: true });
  const results = await ResultsFile.open(join(flags.output, "results.jsonl"));
  using env = Environment.open();
  const measurements = new Map<string, Measurement>(); // grids may share cells
  for (const grid of wanted) {
    for (const measurement of await measureGrid(env, grid, { flags, results, signal })) {
      measurements.set(measurement.key, measurement);
    }
  }
  const summaries = summarise([...measurements.values()]);
  printSummary(summaries);
  printBars(summaries);
  await Deno.writeTextFile(join(flags.output, "results.csv"), toCsv([...measurements.values()]));
  for (const [name, svg] of figures(summaries)) {
    await Deno.writeTextFile(join(flags.output, name), svg);
  }
}

await runMain(bench, Deno.args);
