/** Runs `convert sd` inside the test's process. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { runConvert } from "../../../src/cli/commands/convert_script.ts";
import type { ParataaError } from "../../../src/errors.ts";

/** Its 1314 ids are those of the tiny models' text encoders. */
export const TOKENIZER = "models/sd-emoji/tokenizer";

const never = new AbortController().signal;

/** Runs `convert sd` and returns its lines, and what it threw. */
export async function convert(
  ...args: string[]
): Promise<{ lines: string[]; error?: ParataaError }> {
  const { log } = console;
  const lines: string[] = [];
  console.log = (line: string) => lines.push(line);
  try {
    await runConvert(["sd", ...args], never);
    return { lines };
  } catch (error) {
    return { lines, error: error as ParataaError };
  } finally {
    console.log = log;
  }
}

/** Runs it, and expects it to succeed. */
export async function converted(...args: string[]): Promise<string[]> {
  const { lines, error } = await convert(...args);
  assert.equal(error, undefined, String(error?.stack));
  return lines;
}

/** Files below a folder. */
export async function contents(folder: string, prefix = ""): Promise<Map<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>();
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory) {
      for (const entry of await contents(path, `${prefix}${name}/`)) found.set(...entry);
    } else found.set(prefix + name, await Deno.readFile(path));
  }
  return found;
}
