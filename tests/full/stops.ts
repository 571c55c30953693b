/**
 * S1: SIGINT and SIGTERM at random instants, once and twice in a row: how a run stops, and how
 * soon.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { readFinishedRun } from "../../src/runs/finished_run.ts";
import type { Manifest } from "../../src/runs/manifest.ts";
import { Random } from "../support/fuzz.ts";
import { ROOT } from "../support/run_script.ts";
import { withTempFolder } from "../support/temp_folder.ts";

const INSTANTS = 20;

/**
 * The run takes longer than the latest instant: start, load and rounds of the embedded model lie
 * before it.
 */
const LATEST_MS = 3000;

const CODES = { SIGINT: 130, SIGTERM: 143 } as const;

function start(out: string): Deno.ChildProcess {
  const args = ["--timesteps=100", "--num_samples=20", "--threads=1", "-o", out];
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", `${ROOT}scripts/parallel_dit.ts`, ...args],
    cwd: ROOT,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Milliseconds from the last signal to the end. */
async function stop(
  out: string,
  signal: keyof typeof CODES,
  { after, times }: { after: number; times: number },
): Promise<number> {
  const child = start(out);
  await pause(after);
  for (let i = 0; i < times; i++) {
    if (i > 0) await pause(15);
    try {
      child.kill(signal);
    } catch {
      break; // the first one has ended it
    }
  }
  const sent = performance.now();
  const { code } = await child.status;
  const took = performance.now() - sent;
  assert.equal(code, CODES[signal], `${signal} after ${after} ms`);
  if (took > 1000) console.log(`${signal} after ${after} ms took ${took.toFixed(0)} ms`);
  return took;
}

/** "interrupted" in every folder, or "running" where a second signal allowed no more. */
async function statuses(out: string): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  const folders = await Array.fromAsync(Deno.readDir(out)).catch(() => []);
  for (const { name } of folders) {
    const text = await Deno.readTextFile(join(out, name, "manifest.json")).catch(() => undefined);
    const status = text === undefined ? "none" : (JSON.parse(text) as Manifest).status;
    found.set(status, (found.get(status) ?? 0) + 1);
    if (status === "complete") await readFinishedRun(join(out, name));
  }
  return found;
}

function percentiles(times: number[]): string {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  return `p50 ${at(0.5).toFixed(0)} ms, p99 ${at(0.99).toFixed(0)} ms`;
}

for (const times of [1, 2]) {
  Deno.test(`S1: ${times} x SIGINT or SIGTERM at ${INSTANTS} random instants each, seed 1`, () =>
    withTempFolder(async (folder) => {
      const random = new Random(times);
      const took: number[] = [];
      for (const signal of ["SIGINT", "SIGTERM"] as const) {
        for (let i = 0; i < INSTANTS; i++) {
          took.push(await stop(folder, signal, { after: random.below(LATEST_MS), times }));
        }
      }
      const found = await statuses(folder);
      const folders = [...found].map(([status, count]) => `${count} ${status}`).join(", ");
      console.log(
        `S1: ${times} signal(s), ${took.length} runs: ${percentiles(took)}; folders: ${folders}`,
      );
      if (times === 1) assert.deepEqual([...found.keys()], ["interrupted"]);
    }));
}
