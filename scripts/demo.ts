/** The main job on the models that ship with parataa: pictures, and what parallel sampling saved. @module */
import { ditScript } from "../src/cli/dit_script.ts";
import { runMain } from "../src/cli/main.ts";
import { runSampling, type RunSummary } from "../src/cli/sampling_script.ts";

/** Three classes that show best what the small model can draw. */
const DIT_ARGUMENTS = [
  "--num_samples=3",
  "--class_labels=cat face,heart,octopus",
  "--timesteps=100",
];

async function demo(args: readonly string[], signal: AbortSignal): Promise<void> {
  console.log("DiT: three classes, 100 steps of DDIM solved at once by ParaTAA");
  const dit = await runSampling(ditScript, [...DIT_ARGUMENTS, ...args], signal);
  if (dit) console.log(`\n${table([["DiT", dit]])}`);
}

/** Rows of equal columns: what sequential sampling takes and what parallel sampling took, means per sample. */
function table(systems: readonly (readonly [name: string, summary: RunSummary])[]): string {
  const rows = [
    ["system", "sequential steps", "rounds", "evaluations", "seconds", "outside the network"],
    ...systems.map(([name, run]) => [
      name,
      String(run.timesteps),
      run.rounds.toFixed(1),
      run.nfe.toFixed(1),
      run.seconds.toFixed(2),
      `${(100 * (1 - run.networkSeconds / run.seconds)).toFixed(1)} %`,
    ]),
  ];
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) => row.map((cell, column) => cell.padStart(widths[column])).join("  "))
    .join("\n");
}

if (import.meta.main) await runMain(demo, Deno.args);
