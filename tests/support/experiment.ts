/** Experiments on a tiny model. @module */
import { join } from "node:path";
import { runExperiment } from "../../src/cli/commands/experiment_script.ts";
import { readManifest } from "./sampling.ts";
import { withTempFolder } from "./temp_folder.ts";
import { type TinyDitOptions, writeTinyDit } from "./tiny_dit.ts";

/** Two runs and their sequential baseline. Each takes a third of a second. */
export const SWEEP = { grid: { window_size: [2, 6] } };

/** Creates a folder with a tiny model. `start` runs an experiment in it and returns the output. */
export function withExperiment(
  test: (start: Start, out: string) => Promise<void>,
  options: TinyDitOptions = {},
): Promise<void> {
  return withTempFolder(async (folder) => {
    const model = await writeTinyDit(folder, options);
    const file = join(folder, "sweep.json"), out = join(folder, "out");
    const start: Start = async (definition, { args = [], signal, loud = false } = {}) => {
      const base = { script: "dit", arguments: { model_path: model, timesteps: 6, threads: 1 } };
      const text = typeof definition === "string"
        ? definition
        : JSON.stringify({ ...base, ...definition });
      await Deno.writeTextFile(file, text);
      const line = [file, "-o", out, ...(loud ? [] : ["--quiet"]), ...args];
      return await printed(line, signal);
    };
    await test(start, out);
  });
}

/** Runs an experiment from a definition, as an object or text. Returns the printed lines. */
export type Start = (
  definition: object | string,
  options?: { args?: string[]; signal?: AbortSignal; loud?: boolean },
) => Promise<string[]>;

/** Runs `experiment` with arguments. Returns the printed lines. */
export async function printed(
  args: string[],
  signal = new AbortController().signal,
): Promise<string[]> {
  const { log } = console;
  const lines: string[] = [];
  console.log = (line: string) => lines.push(line);
  try {
    await runExperiment(args, signal);
  } finally {
    console.log = log;
  }
  return lines;
}

/** Returns the folder of every run, by the folder of its cell. */
export async function runsIn(out: string): Promise<Map<string, string[]>> {
  const runs = new Map<string, string[]>();
  for await (const cell of Deno.readDir(join(out, "runs"))) {
    const names: string[] = [];
    for await (const { name, isDirectory } of Deno.readDir(join(out, "runs", cell.name))) {
      if (isDirectory) names.push(name); // beside the lock of the run
    }
    runs.set(cell.name, names.sort());
  }
  return runs;
}

/** Returns the hash of each run's trajectory, by the name of the run. */
export async function trajectoriesIn(out: string): Promise<Map<string, string>> {
  const hashes = new Map<string, string>();
  for (const [id, [name]] of await runsIn(out)) {
    const { outputs } = await readManifest(join(out, "runs", id, name));
    hashes.set(id, outputs["sample_0/trajectory.safetensors"].sha256);
  }
  return new Map([...hashes].sort());
}
