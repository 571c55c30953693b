/** Finds runs of an earlier start of an experiment. @module */
import { join } from "node:path";
import { FormatError, ParataaError, UsageError } from "../errors.ts";
import { readFinishedRun, readRunManifest } from "../runs/finished_run.ts";
import { type Digest, digestFile } from "../storage/hash.ts";
import type { Manifest } from "../runs/manifest.ts";
import { asFlag } from "../arguments/setting_names.ts";
import type { Task } from "../arguments/settings.ts";
import { TASKS } from "../arguments/tasks.ts";
import { findSetup } from "../jobs/run_setup.ts";
import type { RunSetup } from "../jobs/run_manifest.ts";
import { checkUnchanged, modelFilePath, type Provenance } from "../jobs/unchanged.ts";
import type { Cell } from "./cells.ts";

/** A finished run. */
export interface FoundRun {
  path: string;
  manifest: Manifest;
}

/**
 * Finds finished runs that the current setup would reproduce. Every model and library file is
 * hashed once.
 */
export class RunFinder {
  readonly #task: Task;
  readonly #path: string;
  readonly #anySetup: boolean;
  readonly #digests = new Map<string, Promise<Digest | undefined>>();
  readonly #setups = new Map<string, Promise<RunSetup>>();

  /**
   * @param path the experiment's folder
   * @param options `anySetup`: accept complete runs of any setup, without opening the library
   */
  constructor(task: Task, path: string, { anySetup = false } = {}) {
    this.#task = task;
    this.#path = path;
    this.#anySetup = anySetup;
  }

  /**
   * Folder of a cell's runs. Its name encodes the arguments. It contains one run unless an earlier
   * one was rejected.
   */
  folder(cell: Cell): string {
    return join(this.#path, "runs", cell.id);
  }

  /**
   * Finished run of a cell, if its files match their hashes and the current parataa, solver, ONNX
   * Runtime, model and input files are those of the run. Other runs are left in place, and `note`
   * receives the reason.
   */
  async find(cell: Cell, note: (line: string) => void): Promise<FoundRun | undefined> {
    for (const name of await namesIn(this.folder(cell))) {
      const path = join(this.folder(cell), name);
      if (await isUnfinished(path)) continue;
      const setup = this.#anySetup ? undefined : await this.#setup(cell);
      try {
        const manifest = await readFinishedRun(path);
        // Checked under the name of the experiment, so that a note on all runs is printed once.
        const run = { path: this.#path, manifest };
        if (setup) checkUnchanged(run, await this.#provenance(manifest, setup));
        return { path, manifest };
      } catch (error) {
        if (!(error instanceof ParataaError)) throw error;
        error.respell(asFlag);
        note(`not reused: ${error.message}`);
      }
    }
    return undefined;
  }

  /** The newest stopped, killed or failed run of a cell. */
  async findUnfinished(cell: Cell): Promise<string | undefined> {
    for (const name of await namesIn(this.folder(cell))) {
      const path = join(this.folder(cell), name);
      if (await isUnfinished(path)) return path;
    }
    return undefined;
  }

  /** Software that would execute the cell now, cached by the flags that affect it. */
  #setup({ flags, settings }: Cell): Promise<RunSetup> {
    const table = TASKS[this.#task].flags;
    const names = Object.keys(flags).filter((name) => (table[name].scope ?? "result") !== "result");
    const key = JSON.stringify(names.toSorted().map((name) => [name, flags[name]]));
    const setup = this.#setups.get(key) ?? findSetup(settings);
    this.#setups.set(key, setup);
    return setup;
  }

  /** Setup that would reproduce a recorded run now. */
  async #provenance(
    { model, inputs, arguments: args }: Manifest,
    setup: RunSetup,
  ): Promise<Provenance> {
    const path = (name: string) => modelFilePath({ model, arguments: args }, name);
    const files = await this.#digestsOf(model.files, path);
    const configs = model.configs && await this.#digestsOf(model.configs, path);
    return {
      ...setup,
      arguments: args,
      model: { ...model, files, configs },
      inputs: await this.#digestsOf(inputs ?? {}, (name) => String(args[name])),
    };
  }

  /** Current digests of recorded files. Missing files are omitted. */
  async #digestsOf(
    recorded: Readonly<Record<string, Digest | null>>,
    path: (name: string) => string,
  ): Promise<Record<string, Digest>> {
    const digests: Record<string, Digest> = {};
    for (const name of Object.keys(recorded)) {
      const digest = await this.#digest(path(name));
      if (digest) digests[name] = digest;
    }
    return digests;
  }

  #digest(file: string): Promise<Digest | undefined> {
    const known = this.#digests.get(file) ?? digestFile(file).catch((error) => {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    });
    this.#digests.set(file, known);
    return known;
  }
}

/** Whether the manifest records a run that did not finish; `false` for a damaged manifest. */
async function isUnfinished(path: string): Promise<boolean> {
  try {
    return (await readRunManifest(path)).status !== "complete";
  } catch (error) {
    if (error instanceof FormatError || error instanceof UsageError) return false;
    throw error;
  }
}

/** Names in a folder, newest first: names end with the time. */
async function namesIn(folder: string): Promise<string[]> {
  try {
    const names: string[] = [];
    for await (const entry of Deno.readDir(folder)) if (entry.isDirectory) names.push(entry.name);
    return names.sort().reverse();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
