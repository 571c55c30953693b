/** What an earlier start of an experiment has left of a run. @module */
import { join } from "node:path";
import { FormatError, ParataaError, UsageError } from "../../errors.ts";
import { readFinishedRun, readRunManifest } from "../../runs/finished_run.ts";
import { type Digest, digestFile } from "../../runs/hash.ts";
import type { Manifest } from "../../runs/manifest.ts";

/** A finished run. */
export interface FoundRun {
  path: string;
  manifest: Manifest;
}

/** Finds finished runs; hashes each model file once. */
export class RunFinder {
  readonly #digests = new Map<string, Promise<Digest | undefined>>();

  /**
   * The finished run in a folder of runs, if one is whole: every file that it lists has its hash, and its model is still the one that lies
   * at its place. `note` is told why another is not taken; it stays where it is.
   */
  async find(folder: string, note: (line: string) => void): Promise<FoundRun | undefined> {
    for (const name of await namesIn(folder)) {
      const path = join(folder, name);
      if (await isUnfinished(path)) continue;
      try {
        const manifest = await readFinishedRun(path);
        await this.#checkModel(path, manifest);
        return { path, manifest };
      } catch (error) {
        if (!(error instanceof ParataaError)) throw error;
        note(`not taken: ${error.message}`);
      }
    }
    return undefined;
  }

  /** The newest run in a folder of runs that was stopped, killed or failed. */
  async findUnfinished(folder: string): Promise<string | undefined> {
    for (const name of await namesIn(folder)) {
      const path = join(folder, name);
      if (await isUnfinished(path)) return path;
    }
    return undefined;
  }

  async #checkModel(run: string, { model, arguments: args }: Manifest): Promise<void> {
    for (const [name, wanted] of Object.entries(model.files)) {
      const own = name.startsWith("vae_") && typeof args.vae_path === "string";
      const file = join(own ? String(args.vae_path) : model.path, name);
      const digest = await this.#digest(file);
      if (digest?.sha256 === wanted.sha256) continue;
      throw new FormatError(`${run}: ${file} is no longer the model that made it`);
    }
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
