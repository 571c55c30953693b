/** A model folder of a few kilobytes that behaves like a flow transformer. @module */
import { join } from "node:path";
import { type TinyDitOptions, writeTinyDit } from "./tiny_dit.ts";

/** Its `scheduler_config.json`. */
export const FLOW_SCHEDULER = { _class_name: "FlowMatchEulerDiscreteScheduler", shift: 3 } as const;

/** Writes the folder and returns its path; the velocity is that of the tiny DiT's noise. */
export async function writeTinyFlow(
  parent: string,
  options: TinyDitOptions = {},
): Promise<string> {
  const scheduler = FLOW_SCHEDULER;
  const folder = await writeTinyDit(parent, { timestepType: "float32", scheduler, ...options });
  const file = join(folder, "model_index.json");
  const index = JSON.parse(await Deno.readTextFile(file));
  index.scheduler = ["diffusers", scheduler._class_name];
  await Deno.writeTextFile(file, JSON.stringify(index));
  return folder;
}
