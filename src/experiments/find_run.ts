/** What an earlier start of an experiment has left of a run. @module */
import { join } from "node:path";
import { FormatError, ParataaError, UsageError } from "../errors.ts";
import { readFinishedRun, readRunManifest } from "../runs/finished_run.ts";
import { type Digest, digestFile } from "../storage/hash.ts";
import type { Manifest } from "../runs/manifest.ts";
import { asFlag } from "../arguments/setting_names.ts";
import type { Task } from "../arguments/settings.ts";
import { TASKS } from "../arguments/tasks.ts";
import { runMaker } from "../jobs/run_maker.ts";
import type { Maker } from "../jobs/run_manifest.ts";
import { checkUnchanged, type Making, modelFilePath } from "../jobs/unchanged.ts";
import type { Cell } from "./cells.ts";

/** A finished run. */
export interface FoundRun {
  path: string;
  manifest: Manifest;
}

/** Finds runs that what is here would make again; hashes each file that made one once. */
export class RunFinder {
  readonly #task: Task;
  readonly #path: string;
  readonly #anyMaker: boolean;
  readonly #digests = new Map<string, Promise<Digest | undefined>>();
  readonly #makers = new Map<string, Promise<Maker>>();

  /**
   * @param path the experiment's folder
   * @param options `anyMaker`: take whole runs whatever made them, and open no library for it
   */
  constructor(task: Task, path: string, { anyMaker = false } = {}) {
    this.#task = task;
    this.#path = path;
    this.#anyMaker = anyMaker;
  }

  /** Where a cell's runs lie, one unless something was in the way; the folder's name says the arguments. */
  folder(cell: Cell): string {
    return join(this.#path, "runs", cell.id);
  }

  /**
   * The finished run of a cell, if one is whole and would be made again: every file that it lists has its hash, and parataa, the solver,
   * ONNX Runtime, the model and the files that flags name are those that made it. `note` is told why another is not taken; it stays
   * where it is.
   */
  async find(cell: Cell, note: (line: string) => void): Promise<FoundRun | undefined> {
    for (const name of await namesIn(this.folder(cell))) {
      const path = join(this.folder(cell), name);
      if (await isUnfinished(path)) continue;
      const maker = this.#anyMaker ? undefined : await this.#maker(cell);
      try {
        const manifest = await readFinishedRun(path);
        // Called by the experiment's name: what is true of all its runs is then told once.
        const run = { path: this.#path, manifest };
        if (maker) checkUnchanged(run, await this.#making(manifest, maker));
        return { path, manifest };
      } catch (error) {
        if (!(error instanceof ParataaError)) throw error;
        error.respell(asFlag);
        note(`not reused: ${error.message}`);
      }
    }
    return undefined;
  }

  /** The newest run of a cell that was stopped, killed or failed. */
  async findUnfinished(cell: Cell): Promise<string | undefined> {
    for (const name of await namesIn(this.folder(cell))) {
      const path = join(this.folder(cell), name);
      if (await isUnfinished(path)) return path;
    }
    return undefined;
  }

  /** What would make a run now, whatever its model: flags that do not change the result decide it. */
  #maker({ flags, settings }: Cell): Promise<Maker> {
    const table = TASKS[this.#task].flags;
    const names = Object.keys(flags).filter((name) => (table[name].scope ?? "result") !== "result");
    const key = JSON.stringify(names.toSorted().map((name) => [name, flags[name]]));
    const maker = this.#makers.get(key) ?? runMaker(settings);
    this.#makers.set(key, maker);
    return maker;
  }

  /** What would make a run of a manifest's arguments now. */
  async #making({ model, inputs, arguments: args }: Manifest, maker: Maker): Promise<Making> {
    const path = (name: string) => modelFilePath({ model, arguments: args }, name);
    const files = await this.#digestsOf(model.files, path);
    const configs = model.configs && await this.#digestsOf(model.configs, path);
    return {
      ...maker,
      arguments: args,
      model: { ...model, files, configs },
      inputs: await this.#digestsOf(inputs ?? {}, (name) => String(args[name])),
    };
  }

  /** Digests of recorded files as they are now, of those that were absent too; those that are not there are left out. */
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

/** Whether a run's manifest says that it did not end well; a damaged manifest says nothing. */
async function isUnfinished(path: string): Promise<boolean> {
  try {
    return (await readRunManifest(path)).status !== "complete";
  } catch (error) {
    if (error instanceof FormatError || error instanceof UsageError) return false;
    throw error;
  }
}

/** Newest first: the names end with the time. */
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
