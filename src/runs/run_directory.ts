/** The folder of one run: `<output_path>/DiT-YYYY-MM-DD-HH-MM-SS/`, as the official scripts lay it out. @module */
import { join } from "node:path";
import { StorageError } from "../errors.ts";
import { digestBytes } from "./hash.ts";
import { encodeManifest, type Manifest } from "./manifest.ts";
import { makeFolder, writeWholeFile } from "./whole_file.ts";

/** Runs started in the same second get a suffix; more than this many is not an accident. */
const MOST_IN_ONE_SECOND = 1000;

/** `YYYY-MM-DD-HH-MM-SS` in local time. */
export function timestamp(date: Date): string {
  const two = (n: number) => String(n).padStart(2, "0");
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())];
  return [...day, two(date.getHours()), two(date.getMinutes()), two(date.getSeconds())].join("-");
}

/** A run's folder. All writing of outputs goes through it, so that the manifest lists each with its hash. */
export class RunDirectory {
  /** Path of the folder. */
  readonly path: string;
  readonly #manifest: Manifest;
  readonly #made = new Set<string>();

  private constructor(path: string, manifest: Manifest) {
    this.path = path;
    this.#manifest = manifest;
  }

  /**
   * Makes `<parent>/<prefix>-<time>` and writes its first manifest, `status` "running".
   *
   * @throws {StorageError} when the file system refuses
   */
  static async create(
    parent: string,
    prefix: string,
    started: Date,
    manifest: Manifest,
  ): Promise<RunDirectory> {
    const run = new RunDirectory(
      await claimFolder(join(parent, `${prefix}-${timestamp(started)}`)),
      manifest,
    );
    await run.#saveManifest();
    return run;
  }

  /** Writes one output whole and notes its hash for the manifest. `name` is a path inside the folder, with `/`. */
  async write(name: string, bytes: Uint8Array): Promise<void> {
    const folder = name.split("/").slice(0, -1).join("/");
    if (folder && !this.#made.has(folder)) {
      await makeFolder(join(this.path, folder));
      this.#made.add(folder);
    }
    await writeWholeFile(join(this.path, name), bytes);
    this.#manifest.outputs[name] = digestBytes(bytes);
  }

  /** Ends the run: the manifest is the last file written. */
  async finish(
    status: Exclude<Manifest["status"], "running">,
    error?: Manifest["error"],
  ): Promise<void> {
    this.#manifest.status = status;
    if (error) this.#manifest.error = error;
    await this.#saveManifest();
  }

  #saveManifest(): Promise<void> {
    return writeWholeFile(join(this.path, "manifest.json"), encodeManifest(this.#manifest));
  }
}

/** `mkdir` either makes the folder or says that it exists: no two runs can claim the same one. */
async function claimFolder(path: string): Promise<string> {
  for (let n = 1; n <= MOST_IN_ONE_SECOND; n++) {
    const candidate = n === 1 ? path : `${path}-${n}`;
    try {
      await makeFolder(candidate);
      return candidate;
    } catch (error) {
      const taken = error instanceof StorageError &&
        error.cause instanceof Deno.errors.AlreadyExists;
      if (!taken) throw error;
    }
  }
  throw new StorageError(
    `cannot make the folder ${path}: ${MOST_IN_ONE_SECOND} runs started in this second`,
  );
}
