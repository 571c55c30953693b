/**
 * Makes the N-th call of the C API in an 8-step sampling run fail, for N = 1, 1 + stride, … until a
 * run meets no fault; each once and persistently. Arguments: a folder, the stride.
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { describeError } from "../../src/cli/main.ts";
import { checkOutputs, readFinishedRun, readRunManifest } from "../../src/runs/finished_run.ts";
import { FaultyLibrary } from "./faulty_library.ts";
import { lasting, readManifest, runQuietly } from "./sampling.ts";
import { writeTinyDit } from "./tiny_dit.ts";

const [folder, stride] = Deno.args;
const out = join(folder, "out");

function sample(): Promise<string> {
  const args = ["-m", join(folder, "tiny-dit"), "-o", out, "--timesteps=8", "--num_samples=1"];
  return runQuietly("dit", [...args, "--threads=1"]);
}

/** Result of a run with a fault. */
interface End {
  code: number;
  /** Function that failed first. */
  call: string;
}

/**
 * Samples with a fault, then resumes without. Returns the result, or nothing if no fault was met.
 */
async function runWithFault(
  library: FaultyLibrary,
  fault: { at: number; persistent: boolean },
  wanted: unknown,
): Promise<End | undefined> {
  const context = JSON.stringify(fault);
  library.plan(fault);
  let caught: unknown;
  await sample().catch((error) => caught = error);
  const call = library.firstFailed;
  if (caught !== undefined) assert.match(String(caught), /injected/, context);
  library.expectNothingAlive(context);
  library.plan({ at: 0, persistent: false });
  for await (const { name } of Deno.readDir(out)) {
    const run = join(out, name);
    await checkOutputs(run, (await readRunManifest(run)).outputs);
    await runQuietly("dit", ["--resume", run]);
    assert.deepEqual(lasting(await readFinishedRun(run)), wanted, context);
    await Deno.remove(run, { recursive: true });
  }
  library.expectNothingAlive(`${context}, resumed`);
  if (call === undefined) return undefined;
  return { code: caught === undefined ? 0 : describeError(caught).exitCode, call };
}

if (import.meta.main) {
  await writeTinyDit(folder);
  const first = await sample();
  const wanted = lasting(await readManifest(first));
  await Deno.remove(first, { recursive: true });
  const library = new FaultyLibrary();
  for (const persistent of [false, true]) {
    const codes: Record<number, number> = {};
    const blamedOnModel = new Set<string>();
    for (let at = 1;; at += Number(stride)) {
      const end = await runWithFault(library, { at, persistent }, wanted);
      if (end === undefined) break;
      codes[end.code] = (codes[end.code] ?? 0) + 1;
      if (end.code === 3) blamedOnModel.add(end.call);
    }
    console.log(JSON.stringify({ persistent, codes, blamedOnModel: [...blamedOnModel] }));
  }
}
