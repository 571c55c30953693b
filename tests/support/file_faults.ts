/** Makes the N-th file operation of a run fail, for every N, and checks the result. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { describeError } from "../../src/cli/main.ts";
import { verifyImage } from "../../src/images/image_file.ts";
import { readSafetensors } from "../../src/formats/safetensors/safetensors.ts";
import { checkOutputs, readFinishedRun, readRunManifest } from "../../src/runs/finished_run.ts";
import { outputsOf, readManifest, runQuietly } from "./sampling.ts";
import { writeTinyDit } from "./tiny_dit.ts";
import { REFUSALS, watchFiles } from "./watched_files.ts";

/** A fault at operation `at`, or at all from there on. */
export interface FileFault {
  at: number;
  kind: keyof typeof REFUSALS | "short";
  persistent: boolean;
}

/** Result of a run with a fault. */
export interface FaultedRun {
  /** Number of operations of the run; fewer than `at` means that it met no fault. */
  operations: number;
  exitCode: number;
}

/** Runs one tiny sample repeatedly, each time with a fault. */
export class FaultBench {
  readonly #folder: string;
  readonly #earlier: string;
  readonly #wanted: Awaited<ReturnType<typeof outputsOf>>;

  private constructor(
    folder: string,
    earlier: string,
    wanted: Awaited<ReturnType<typeof outputsOf>>,
  ) {
    this.#folder = folder;
    this.#earlier = earlier;
    this.#wanted = wanted;
  }

  /** Creates the model and an earlier run, which no fault may change. */
  static async create(folder: string): Promise<FaultBench> {
    await writeTinyDit(folder);
    const earlier = await sample(folder);
    return new FaultBench(folder, earlier, await outputsOf(earlier));
  }

  /** Runs with a fault, checks the remaining files, then resumes without one and compares. */
  async run(fault: FileFault): Promise<FaultedRun> {
    const context = JSON.stringify(fault);
    const before = new Set(this.#runs());
    const { operations, error } = await withFault(
      join(this.#folder, "out"),
      fault,
      () => sample(this.#folder),
    );
    const exitCode = error === undefined ? 0 : describeError(error).exitCode;
    const made = this.#runs().filter((run) => !before.has(run));
    await readFinishedRun(this.#earlier);
    if (exitCode === 0) { for (const run of made) await readFinishedRun(run); }
    for (const run of made) await this.#check(run, fault, context);
    for (const run of made) await Deno.remove(run, { recursive: true });
    return { operations, exitCode };
  }

  #runs(): string[] {
    const out = join(this.#folder, "out");
    return [...Deno.readDirSync(out)].map(({ name }) => join(out, name));
  }

  async #check(run: string, { persistent }: FileFault, context: string): Promise<void> {
    const files = [...walk(run)];
    for (const file of files) await checkWhole(file);
    const stray = files.filter((file) => /\.tmp-/.test(file));
    // If every operation fails, removing does too.
    if (!persistent) assert.deepEqual(stray, [], context);
    if (!files.includes(join(run, "manifest.json"))) {
      // A run that cannot start removes its folder.
      assert.ok(persistent, `${context}: ${files}`);
      return;
    }
    const { outputs } = await readRunManifest(run);
    await checkOutputs(run, outputs);
    await runQuietly("dit", ["--resume", run]);
    assert.equal((await readManifest(run)).status, "complete", context);
    assert.deepEqual(await outputsOf(run), this.#wanted, context);
    const hidden = [...walk(run)].filter((file) => /\/\.[^/]*$/.test(file));
    assert.deepEqual(hidden, [], context);
  }
}

function sample(folder: string): Promise<string> {
  const paths = ["-m", join(folder, "tiny-dit"), "-o", join(folder, "out")];
  return runQuietly("dit", [...paths, "--timesteps=3", "--num_samples=1", "--threads=1"]);
}

async function withFault(
  root: string,
  { at, kind, persistent }: FileFault,
  run: () => Promise<unknown>,
): Promise<{ operations: number; error: unknown }> {
  let operations = 0;
  using _watch = watchFiles(root, ({ index, name, when }) => {
    if (when === "after") return undefined;
    operations = index;
    if (index !== at && !(persistent && index > at)) return undefined;
    if (kind !== "short") throw REFUSALS[kind]();
    return name === "write" ? "short" : undefined;
  });
  try {
    await run();
    return { operations, error: undefined };
  } catch (error) {
    return { operations, error };
  }
}

/** Asserts that the file is complete: no file has its final name before that. */
async function checkWhole(file: string): Promise<void> {
  if (/\/\.[^/]*$/.test(file)) return;
  const bytes = await Deno.readFile(file);
  if (file.endsWith(".png")) verifyImage(bytes, { file });
  if (file.endsWith(".safetensors")) readSafetensors(bytes, { file });
  if (file.endsWith(".json")) JSON.parse(new TextDecoder().decode(bytes));
}

function* walk(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    if (isDirectory) yield* walk(join(folder, name));
    else yield join(folder, name);
  }
}
