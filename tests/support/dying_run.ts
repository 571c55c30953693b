/** Starts runs that are killed, resumes them, and compares the result. @module */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readFinishedRun } from "../../src/runs/finished_run.ts";
import type { Ending, Plan } from "./dying_run_child.ts";
import { type ChildResult, runChild } from "./run_child.ts";
import { ROOT } from "./run_script.ts";
import { lasting, readManifest, runQuietly } from "./sampling.ts";
import { writeTinyDit } from "./tiny_dit.ts";

/** Heap size that V8 exceeds soon, but that suffices for a run. */
const HEAP = "--v8-flags=--max-old-space-size=100";

/** A run that is started repeatedly and killed at another point each time. */
export class DyingRun {
  readonly #folder: string;
  readonly #args: readonly string[];
  readonly #wanted: unknown;

  private constructor(folder: string, args: readonly string[], wanted: unknown) {
    this.#folder = folder;
    this.#args = args;
    this.#wanted = wanted;
  }

  /** Creates the model and an undisturbed run. */
  static async create(folder: string, { samples = 2 } = {}): Promise<DyingRun> {
    const model = await writeTinyDit(folder);
    const out = join(folder, "out");
    const sizes = ["--timesteps=4", `--num_samples=${samples}`, "--seed=9", "--threads=1"];
    const args = ["-m", model, "-o", out, ...sizes];
    const wanted = await runQuietly("dit", args);
    const manifest = lasting(await readManifest(wanted));
    await Deno.remove(wanted, { recursive: true });
    return new DyingRun(folder, args, manifest);
  }

  /** Starts the run, or resumes `run`, in a process that ends at a boundary. */
  start(at: number, ending: Ending, run?: string): Promise<ChildResult> {
    const plan: Plan = { root: join(this.#folder, "out"), at, ending };
    const args = run === undefined ? this.#args : ["--resume", run];
    return runChild(new URL("dying_run_child.ts", import.meta.url), {
      flags: ["--allow-all", HEAP],
      args: [JSON.stringify(plan), ...args],
    });
  }

  /** Starts the run and kills it after some milliseconds. Returns whether it was still running. */
  async startAndKill(milliseconds: number): Promise<boolean> {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", `${ROOT}scripts/parallel_dit.ts`, ...this.#args],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const timer = setTimeout(() => child.kill("SIGKILL"), milliseconds);
    const { code } = await child.status;
    clearTimeout(timer);
    assert.ok(code === 137 || code === 0, `${code}`);
    return code === 137;
  }

  /** Folder of the run, once there is one with a manifest. */
  folder(): string | undefined {
    const out = join(this.#folder, "out");
    if (!existsSync(out)) return undefined;
    const [name] = [...Deno.readDirSync(out)].map((entry) => entry.name);
    if (name === undefined) return undefined;
    const run = join(out, name);
    return [...Deno.readDirSync(run)].some((e) => e.name === "manifest.json") ? run : undefined;
  }

  /** Asserts that the run is not marked complete. */
  async expectUnfinished(context: string): Promise<void> {
    const run = this.folder();
    if (run === undefined) return;
    const { status } = await readManifest(run);
    if (status === "complete") await readFinishedRun(run);
    else assert.ok(["running", "failed"].includes(status), `${context}: ${status}`);
  }

  /** Resumes without a fault, compares with the undisturbed run, and clears the folder. */
  async finish(context: string): Promise<void> {
    const run = this.folder();
    if (run !== undefined) {
      await runQuietly("dit", ["--resume", run]);
      assert.deepEqual(lasting(await readFinishedRun(run)), this.#wanted, context);
      const hidden = [...Deno.readDirSync(run)].filter(({ name }) => name.startsWith("."));
      assert.deepEqual(hidden, [], context);
    }
    const out = join(this.#folder, "out");
    if (existsSync(out)) await Deno.remove(out, { recursive: true });
  }
}
