/** The main job on the models that ship with parataa: images of three systems, and what parallel sampling saved. @module */
import type { Command } from "./command.ts";
import { ditScript } from "../jobs/dit_script.ts";
import type { FlagTable } from "../arguments/flag.ts";
import { parseFlags } from "../arguments/parse_flags.ts";
import { printedAndDone, runSampling, type RunSummary } from "../jobs/sampling_script.ts";
import { samplingFlags } from "../arguments/script_flags.ts";
import { sdScript } from "../jobs/sd_script.ts";
import { sdWinitScript } from "../jobs/sd_winit_script.ts";
import { printText } from "./print.ts";

/** What each system is shown with; classes and prompts that the small models draw well. */
const DIT = ["--class_labels=cat face,heart,sea animal", "--timesteps=100"];
const SD = ["--prompt=a cute dog", "--num_samples=2"];
const SD_WINIT = ["--prompt1=a cute dog", "--prompt2=a cute cat", "--variation_steps=30"];

const summary = {
  name: "demo",
  about:
    "Samples the models that ship with parataa, in parallel over the steps of their chains:\n" +
    "three classes by a DiT, two images of a prompt, and a prompt from another one's trajectory.",
  example: "deno task demo",
};

const flags = demoFlags();

/** What all three systems take, but for what the demo chooses or needs. */
function demoFlags(): FlagTable {
  const table: FlagTable = samplingFlags({
    timesteps: 50,
    maxTimesteps: 999,
    order: 20,
    modelPath: "",
  });
  const chosen = ["timesteps", "model_path", "vae_path", "fp16", "noise_path"];
  const needless = new Set([...chosen, "args_from", "plan", "json"]);
  return Object.fromEntries(Object.entries(table).filter(([name]) => !needless.has(name)));
}

type Row = readonly [
  name: string,
  run: Pick<RunSummary, "timesteps" | "rounds" | "nfe" | "seconds">,
];

/** `args` go to all three, so that `--quiet`, `--output_path` and the like can be given. */
async function runDemo(args: readonly string[], signal: AbortSignal): Promise<void> {
  if (printedAndDone({ summary, flags }, args)) return;
  parseFlags(flags, args);
  printText("DiT: three classes, 100 steps solved at once");
  const dit = await runSampling(ditScript, [...DIT, ...args], signal);
  printText("\nStable Diffusion: a prompt, 50 steps solved at once");
  const sd = await runSampling(sdScript, [...SD, ...args], signal);
  printText(
    "\nwarm start: a second prompt from the first one's trajectory, its last 30 steps solved anew",
  );
  const winit = await runSampling(sdWinitScript, [...SD_WINIT, ...args], signal);
  const { steps: timesteps, rounds, nfe, seconds } = winit!.records.at(-1)!;
  printText("\nmeans per sample:");
  printText(
    table([["DiT", dit!], ["Stable Diffusion", sd!], ["warm start", {
      timesteps,
      rounds,
      nfe,
      seconds: seconds.sampling,
    }]]),
  );
}

/** Rows of equal columns: what sequential sampling takes and what parallel sampling took. */
function table(runs: readonly Row[]): string {
  const rows = [["system", "sequential steps", "rounds", "evaluations", "seconds"]];
  for (const [name, { timesteps, rounds, nfe, seconds }] of runs) {
    rows.push([name, String(timesteps), rounds.toFixed(1), nfe.toFixed(1), seconds.toFixed(1)]);
  }
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const cell = (text: string, column: number) =>
    column === 0 ? text.padEnd(widths[0]) : text.padStart(widths[column]);
  return rows.map((row) => row.map(cell).join("  ")).join("\n");
}

/** The demo, for scripts and for `parataa`. */
export const demoCommand: Command = { flags, run: runDemo };
