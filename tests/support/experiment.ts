/** Experiments on a tiny model. @module */
import { join } from "node:path";
import { runExperiment } from "../../src/cli/commands/experiment_script.ts";
import { withTempFolder } from "./temp_folder.ts";
import { type TinyDitOptions, writeTinyDit } from "./tiny_dit.ts";

/**
 * Two runs and the sequential one that they are measured against: every run takes a third of a
 * second.
 */
export const SWEEP = { grid: { window_size: [2, 6] } };

/** A folder with a tiny model; `start` makes an experiment of it and says what was printed. */
export function withExperiment(
  test: (start: Start, out: string) => Promise<void>,
  options: TinyDitOptions = {},
): Promise<void> {
  return withTempFolder(async (folder) => {
    const model = await writeTinyDit(folder, options);
    const file = join(folder, "sweep.json"), out = join(folder, "out");
    const start: Start = async (definition, { args = [], signal, loud = false } = {}) => {
      const base = { script: "dit", arguments: { model_path: model, timesteps: 6 } };
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

/** Makes an experiment of a definition, or of a text; gives the lines that were printed. */
export type Start = (
  definition: object | string,
  options?: { args?: string[]; signal?: AbortSignal; loud?: boolean },
) => Promise<string[]>;

/** Runs `experiment` with arguments; gives the lines that it printed. */
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

/** Folder of every run that was made, by the folder of its cell. */
export async function runsIn(out: string): Promise<Map<string, string[]>> {
  const runs = new Map<string, string[]>();
  for await (const cell of Deno.readDir(join(out, "runs"))) {
    const names: string[] = [];
    for await (const { name } of Deno.readDir(join(out, "runs", cell.name))) names.push(name);
    runs.set(cell.name, names.sort());
  }
  return runs;
}
