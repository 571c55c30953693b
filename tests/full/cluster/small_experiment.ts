/** The eight runs of examples/cluster/small.json, by one process and by an engine. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { runsIn, trajectoriesIn } from "../../support/experiment.ts";
import { ROOT } from "../../support/run_script.ts";

/** The experiment. */
export const SMALL: string = join(ROOT, "examples/cluster/small.json");

/** Variables that the job scripts take. */
export function jobVariables(out: string, experiment = SMALL): Record<string, string> {
  return { PARATAA: ROOT, EXPERIMENT: experiment, OUT: out };
}

/** Runs a program and returns what it printed, on both outputs; throws unless it ends with 0. */
export async function run(
  program: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(program, { args: [...args], env })
    .output();
  const said = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("").trim();
  assert.equal(code, 0, `${program} ${args.join(" ")}: ${said}`);
  return said;
}

/** Makes the eight runs by one process in `out`, and returns the hashes of their trajectories. */
export async function makeByOneProcess(
  out: string,
  experiment = SMALL,
): Promise<Map<string, string>> {
  await run(join(ROOT, "parataa"), ["experiment", experiment, "-o", out, "--quiet"]);
  const hashes = await trajectoriesIn(out);
  assert.equal(hashes.size, 8);
  return hashes;
}

/** Names of the runs, in their order. */
export async function namesOf(experiment: string): Promise<string[]> {
  return (await run(join(ROOT, "parataa"), ["experiment", experiment, "--list"])).split("\n");
}

/** Requires a finished report, one run a name, and the same bytes as one process made. */
export async function expectSame(out: string, wanted: Map<string, string>): Promise<void> {
  assert.match(await Deno.readTextFile(join(out, "report.html")), /All 8 runs are finished/);
  for (const [id, names] of await runsIn(out)) assert.equal(names.length, 1, `${id}: ${names}`);
  assert.deepEqual(await trajectoriesIn(out), wanted);
}

/** Waits until `test` returns a value that is not `undefined`. */
export async function until<T>(
  what: string,
  seconds: number,
  test: () => Promise<T | undefined>,
): Promise<T> {
  for (const end = Date.now() + 1000 * seconds; Date.now() < end;) {
    const value = await test();
    if (value !== undefined) return value;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${what}: nothing after ${seconds} s`);
}
