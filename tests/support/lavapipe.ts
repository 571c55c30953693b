/** Mesa's software Vulkan driver, so that WebGPU runs on a machine without a GPU. @module */
import { join } from "node:path";
import { WEBGPU_EP_NAME } from "../../src/runtime/providers/webgpu.ts";
import { Environment } from "../../src/runtime/environment.ts";

/** Kept between runs of the tests; `PARATAA_LAVAPIPE` names another folder. */
const FOLDER = Deno.env.get("PARATAA_LAVAPIPE") ?? "/tmp/parataa-lavapipe";

/**
 * Variables of a process that has the driver; downloads it once.
 *
 * @returns `undefined` where it cannot be had, after a line that says so
 */
export async function lavapipe(): Promise<Record<string, string> | undefined> {
  const missing = await fetchLavapipe();
  if (missing === undefined) return await readVariables();
  console.warn(`WebGPU is not tested: ${missing}`);
  return undefined;
}

async function fetchLavapipe(): Promise<string | undefined> {
  using env = Environment.open();
  if (!env.availableProviders.includes(WEBGPU_EP_NAME)) return "this ONNX Runtime is without it";
  if (Deno.build.os !== "linux") return "lavapipe is for Linux";
  if (await readVariables()) return undefined;
  try {
    const script = join(import.meta.dirname!, "lavapipe.sh");
    const command = new Deno.Command("timeout", { args: ["60", "bash", script, FOLDER] });
    const { success, stderr } = await command.output();
    if (success && await readVariables()) return undefined;
    return `lavapipe cannot be had: ${new TextDecoder().decode(stderr).trim().split("\n").at(-1)}`;
  } catch (error) {
    return `lavapipe cannot be had: ${error instanceof Error ? error.message : error}`;
  }
}

async function readVariables(): Promise<Record<string, string> | undefined> {
  const text = await Deno.readTextFile(join(FOLDER, "vulkan.env")).catch(() => "");
  const pairs = text.trim().split("\n").filter(Boolean).map((line) => line.split("=", 2));
  return pairs.length > 0 ? Object.fromEntries(pairs) : undefined;
}
