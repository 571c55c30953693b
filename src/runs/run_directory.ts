/**
 * The folder of a run, `<output_path>/DiT-YYYY-MM-DD-HH-MM-SS/`, as the official scripts name it.
 * @module
 */
import { join } from "node:path";
import { StorageError } from "../errors.ts";
import { digestBytes } from "../storage/hash.ts";
import { encodeManifest, type Manifest, type SampleRecord } from "./manifest.ts";
import { RoundLog } from "./round_log.ts";
import { LOCK_NAME, RunLock } from "./run_lock.ts";
import { ensureFolder, makeFolder, writeWholeFile } from "../storage/whole_file.ts";

/** Maximum number of runs started in the same second; each gets a suffix. */
const MAX_PER_SECOND = 1000;

/** Name of a sample's round log in its folder. */
export const LOG_NAME = ".rounds.log";

/**
 * Maximum share of the time spent on saving the manifest between samples; manifests of large runs
 * are large.
 */
const SAVING_SHARE = 0.05;

/**
 * Reserved disk space: the maximum growth of the manifest between two saves, so that it can be
 * saved on a full disk.
 */
const RESERVE_BYTES = 32 << 10;

/** `YYYY-MM-DD-HH-MM-SS` in local time. */
export function timestamp(date: Date): string {
  const two = (n: number) => String(n).padStart(2, "0");
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())];
  return [...day, two(date.getHours()), two(date.getMinutes()), two(date.getSeconds())].join("-");
}

/**
 * A locked run folder. All outputs are written through it, so that the manifest lists their hashes.
 */
export class RunDirectory implements AsyncDisposable {
  /** Path of the folder. */
  readonly path: string;
  readonly #manifest: Manifest;
  readonly #lock: RunLock;
  readonly #made = new Set<string>();
  /** Logs of finished samples that the saved manifest does not list yet. */
  readonly #logs: string[] = [];
  /** Time before which the manifest is not saved between samples. */
  #nextSave = 0;

  private constructor(path: string, manifest: Manifest, lock: RunLock) {
    this.path = path;
    this.#manifest = manifest;
    this.#lock = lock;
  }

  /**
   * Creates `<parent>/<prefix>-<time>` and writes its first manifest, with the status "running".
   *
   * @throws {StorageError} when the file system refuses; no folder is left behind
   */
  static async create(
    parent: string,
    prefix: string,
    started: Date,
    manifest: Manifest,
  ): Promise<RunDirectory> {
    const path = await claimFolder(join(parent, `${prefix}-${timestamp(started)}`));
    try {
      return await RunDirectory.resume(path, manifest, await RunLock.acquire(path));
    } catch (error) {
      // The folder was made here, so a file that could not be locked is this run's too.
      await Deno.remove(join(path, LOCK_NAME)).catch(() => {});
      await Deno.remove(path).catch(() => {});
      throw error;
    }
  }

  /** Resumes a run and saves its manifest. Takes over the lock. */
  static async resume(path: string, manifest: Manifest, lock: RunLock): Promise<RunDirectory> {
    const run = new RunDirectory(path, manifest, lock);
    try {
      await run.#saveManifest();
      return run;
    } catch (error) {
      await run[Symbol.asyncDispose]();
      throw error;
    }
  }

  /**
   * Writes one output atomically and records its hash. `name` is a path inside the folder, with
   * `/`.
   */
  async write(name: string, bytes: Uint8Array): Promise<void> {
    await this.#ensureFolder(name.split("/").slice(0, -1).join("/"));
    await writeWholeFile(join(this.path, name), bytes);
    this.#manifest.outputs[name] = digestBytes(bytes);
  }

  /**
   * Opens the round log of the sample in `folder`. The log is removed once the manifest lists the
   * sample.
   */
  async openRoundLog(folder: string, identity: string): Promise<RoundLog> {
    await this.#ensureFolder(folder);
    return await RoundLog.open(join(this.path, folder, LOG_NAME), identity);
  }

  /**
   * Records that all files of the sample in `folder` are written; they are kept even if the run
   * fails later.
   */
  async endSample(folder: string, record: SampleRecord): Promise<void> {
    const { samples } = this.#manifest;
    samples.push(record);
    samples.sort((a, b) => a.index - b.index);
    this.#logs.push(join(this.path, folder, LOG_NAME));
    const now = performance.now();
    if (now < this.#nextSave) return;
    await this.#saveAndForgetLogs();
    this.#nextSave = now + (performance.now() - now) / SAVING_SHARE;
  }

  /** Ends the run. The manifest is the last file written. */
  async finish(
    status: Exclude<Manifest["status"], "running">,
    error?: Manifest["error"],
  ): Promise<void> {
    if (status === "complete") await this.#saveAndForgetLogs();
    this.#manifest.status = status;
    if (error) this.#manifest.error = error;
    await this.#saveWithReserve();
  }

  /** Releases the lock. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lock[Symbol.asyncDispose]();
  }

  async #ensureFolder(folder: string): Promise<void> {
    if (!folder || this.#made.has(folder)) return;
    await ensureFolder(join(this.path, folder));
    this.#made.add(folder);
  }

  async #saveAndForgetLogs(): Promise<void> {
    if (this.#logs.length === 0) return;
    await this.#saveManifest();
    for (const log of this.#logs.splice(0)) {
      await Deno.remove(log).catch((error) => {
        // With --no_checkpoint there is no log. A log that cannot be removed now is removed at the
        // end.
        if (!(error instanceof Deno.errors.NotFound)) this.#logs.push(log);
      });
    }
  }

  async #saveManifest(): Promise<void> {
    const bytes = encodeManifest(this.#manifest);
    await this.#lock.reserve(2 * bytes.length + RESERVE_BYTES);
    await writeWholeFile(join(this.path, "manifest.json"), bytes);
  }

  /** Saves the manifest, using the reserved space if the disk is full. */
  async #saveWithReserve(): Promise<void> {
    const save = () =>
      writeWholeFile(join(this.path, "manifest.json"), encodeManifest(this.#manifest));
    await save().catch(async () => {
      await this.#lock.free();
      await save();
    });
  }
}

/** Creates the folder atomically with `mkdir`, so that two runs cannot claim the same one. */
async function claimFolder(path: string): Promise<string> {
  for (let n = 1; n <= MAX_PER_SECOND; n++) {
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
    `cannot make the folder ${path}: ${MAX_PER_SECOND} runs started in this second`,
  );
}
