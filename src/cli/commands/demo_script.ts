/**
 * `demo`: samples the models that ship with parataa and compares the cost with sequential sampling.
 * @module
 */
import type { FlagTable, FlagValues } from "../../arguments/flag.ts";
import { parseFlags } from "../../arguments/parse_flags.ts";
import { givenOverrides } from "../../arguments/record.ts";
import { samplingFlags } from "../../arguments/flags/script_flags.ts";
import type {
  DitSettings,
  FlowSettings,
  RunSettings,
  SdSettings,
  SdWinitSettings,
} from "../../arguments/settings.ts";
import { TASKS } from "../../arguments/tasks.ts";
import type { RunFigures } from "../../jobs/run_result.ts";
import { sampleRun } from "../../jobs/sample_run.ts";
import type { Command, Run } from "./command.ts";
import { printHelpOrVersion } from "../help.ts";
import { withFlagNames } from "../main.ts";
import { createProgress } from "../progress.ts";
import { printText } from "../print.ts";
import { watchRun } from "../watch_run.ts";

/** Settings of each model: classes and prompts that the small models draw well. */
const DIT: DitSettings = {
  task: "dit",
  classLabels: ["cat face", "heart", "sea animal"],
  numInferenceSteps: 100,
};
const FLOW: FlowSettings = { task: "flow", classLabels: ["cat face"] };
const SD: SdSettings = { task: "sd", prompt: "a cute dog", numSamples: 2 };
const SD_WINIT: SdWinitSettings = {
  task: "sd-winit",
  prompt1: "a cute dog",
  prompt2: "a cute cat",
  variationSteps: 30,
};

const summary = {
  name: "demo",
  about: "Samples the models that ship with parataa: three classes with a DiT, one with a flow, " +
    "two images of one prompt with Stable Diffusion, and a prompt from the trajectory of another " +
    "one.",
  example: "deno task demo",
};

const flags = demoFlags();

/** Flags that all tasks accept, except those that the demo sets. */
function demoFlags(): FlagTable {
  const table: FlagTable = samplingFlags({
    timesteps: 50,
    maxTimesteps: 999,
    order: 20,
    modelPath: "",
  });
  const chosen = ["timesteps", "model_path", "vae_path", "fp16", "noise_path"];
  const alone = ["args_from", "resume", "list_devices", "plan", "json"];
  const needless = new Set([...chosen, ...alone]);
  return Object.fromEntries(Object.entries(table).filter(([name]) => !needless.has(name)));
}

type Row = readonly [
  name: string,
  run: Pick<RunFigures, "timesteps" | "rounds" | "nfe" | "seconds">,
];

/**
 * Flags are passed to all tasks, so that `--quiet`, `--output_path` and others apply. Only `--eta`
 * is not passed to the flow, which takes no noise.
 */
const runDemo: Run = withFlagNames(async (args, signal) => {
  if (printHelpOrVersion({ summary, flags }, args)) return;
  const { values, given } = parseFlags(flags, args);
  const overrides = givenOverrides(flags, values, given);
  const sample = async (shown: RunSettings) => {
    const { task } = shown, progress = createProgress({ json: false, ...switches(values) });
    const noise = task === "flow" ? { eta: 0 } : {};
    const settings = { ...shown, ...overrides, task, ...noise } as RunSettings;
    const run = await watchRun(
      { signal, progress, advise: !switches(values).quiet },
      (options) => sampleRun(TASKS[task].modelPath, settings, options),
    );
    progress.done(run);
    return run;
  };
  printText("DiT: three classes, 100 steps solved at once");
  const dit = await sample(DIT);
  printText("\nflow: a class by Euler's method, 28 steps solved at once");
  const flow = await sample(FLOW);
  printText("\nStable Diffusion: a prompt, 50 steps solved at once");
  const sd = await sample(SD);
  printText(
    "\nwarm start: a second prompt from the first one's trajectory, its last 30 steps solved again",
  );
  const winit = await sample(SD_WINIT);
  const { steps: timesteps, rounds, nfe, seconds } = winit.samples.at(-1)!.record;
  printText("\nmeans per sample:");
  printText(
    table([
      ["DiT", dit.figures],
      ["flow", flow.figures],
      ["Stable Diffusion", sd.figures],
      ["warm start", { timesteps, rounds, nfe, seconds: seconds.sampling }],
    ]),
  );
});

function switches({ quiet, verbose }: FlagValues<FlagTable>) {
  return { quiet: quiet === true, verbose: verbose === true };
}

/** Table of the cost of sequential and of parallel sampling. */
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

/** The `demo` command. */
export const demoCommand: Command = { flags, run: runDemo };
