/** The main job on the models that ship with parataa: pictures of three systems, and what parallel sampling saved. @module */
import { ditScript } from "../src/cli/dit_script.ts";
import { runMain } from "../src/cli/main.ts";
import { runSampling, type RunSummary } from "../src/cli/sampling_script.ts";
import { sdScript } from "../src/cli/sd_script.ts";
import { sdWinitScript } from "../src/cli/sd_winit_script.ts";

/** What each system is shown with; classes and prompts that the small models draw well. */
const DIT = ["--class_labels=cat face,heart,octopus", "--timesteps=100"];
const SD = ["--prompt=a cute dog", "--num_samples=2"];
const SD_WINIT = ["--prompt1=a cute dog", "--prompt2=a cute cat", "--variation_steps=30"];

/** `args` go to all three, so that `--quiet`, `--output_path` and the like can be given. */
async function demo(args: readonly string[], signal: AbortSignal): Promise<void> {
  const runs: [name: string, run: RunSummary | undefined][] = [];
  const show = async (name: string, what: string, run: () => Promise<RunSummary | undefined>) => {
    console.log(`\n${name}: ${what}`);
    runs.push([name, await run()]);
  };
  await show(
    "DiT",
    "three classes, 100 steps solved at once",
    () => runSampling(ditScript, [...DIT, ...args], signal),
  );
  await show(
    "Stable Diffusion",
    "a prompt, 50 steps solved at once",
    () => runSampling(sdScript, [...SD, ...args], signal),
  );
  await show(
    "Stable Diffusion, warm start",
    "a second prompt from the first one's trajectory, its last 30 steps solved anew",
    () => runSampling(sdWinitScript, [...SD_WINIT, ...args], signal),
  );
  console.log(`\nmeans per sample:\n${table(runs)}`);
}

/** Rows of equal columns: what sequential sampling takes and what parallel sampling took. */
function table(runs: readonly (readonly [name: string, run: RunSummary | undefined])[]): string {
  const rows = [["system", "sequential steps", "rounds", "evaluations", "seconds"]];
  for (const [name, run] of runs) {
    if (!run) continue;
    const { timesteps, rounds, nfe, seconds } = run;
    rows.push([name, String(timesteps), rounds.toFixed(1), nfe.toFixed(1), seconds.toFixed(1)]);
  }
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row: string[]) =>
    row.map((cell, column) => column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))
      .join("  ");
  return rows.map(line).join("\n");
}

if (import.meta.main) await runMain(demo, Deno.args);
