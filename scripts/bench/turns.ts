/**
 * Measures kinds of work in processes of their own, which take turns: what V8 makes of a loop
 * depends on all that ran before in the process, and load on the machine changes with time.
 * @module
 */
import { fileURLToPath } from "node:url";
import { argument, outputOf } from "./child.ts";

const TURNS = 3;

/** This checkout. */
export const THIS_CODE: string = fileURLToPath(new URL("../..", import.meta.url));

/** This checkout, and the one that `--base DIR` names. */
export function checkouts(): string[] {
  const base = argument("--base");
  return base === undefined ? [THIS_CODE] : [THIS_CODE, base];
}

/**
 * Runs the script of `moduleUrl` with `--kind`, once in turn for every kind, a few times.
 *
 * @returns what {@link answerKind} printed there, by kind
 * @throws {Error} if a process fails
 */
export async function takeTurns<Result>(
  moduleUrl: string,
  kinds: readonly unknown[],
): Promise<Result[][]> {
  const results = kinds.map((): Result[] => []);
  for (let turn = 0; turn < TURNS; turn++) {
    for (const [i, kind] of kinds.entries()) results[i].push(await ask(moduleUrl, kind));
  }
  return results;
}

async function ask<Result>(moduleUrl: string, kind: unknown): Promise<Result> {
  const script = fileURLToPath(moduleUrl), text = JSON.stringify(kind);
  const args = ["run", "--allow-all", "--no-check", script, "--kind", text];
  return JSON.parse(await outputOf(args));
}

/** In a process of {@link takeTurns}: prints the result of its kind. Returns whether it is one. */
export async function answerKind<Kind>(
  measure: (kind: Kind) => Promise<unknown>,
): Promise<boolean> {
  const kind = argument("--kind");
  if (kind === undefined) return false;
  console.log(JSON.stringify(await measure(JSON.parse(kind))));
  return true;
}
