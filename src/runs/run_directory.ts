/** The folder of one run: `<output_path>/DiT-YYYY-MM-DD-HH-MM-SS/`, as the official scripts lay it out. @module */
import { join } from "node:path";
import { StorageError } from "../errors.ts";
import { digestBytes } from "../storage/hash.ts";
import { encodeManifest, type Manifest, type SampleRecord } from "./manifest.ts";
import { RoundLog } from "./round_log.ts";
import { RunLock } from "./run_lock.ts";
import { ensureFolder, makeFolder, writeWholeFile } from "../storage/whole_file.ts";

/** Runs started in the same second get a suffix; more than this many is not an accident. */
const MOST_IN_ONE_SECOND = 1000;

/** Name of a sample's log of rounds in its folder. */
export const LOG_NAME = ".rounds.log";

/** Manifests of large runs are large: saving them between samples takes at most this part of the time. */
const SAVING_SHARE = 0.05;

/** What a manifest may grow by between two savings, and still be saved on a full disk. */
const RESERVE_BYTES = 32 << 10;

/** `YYYY-MM-DD-HH-MM-SS` in local time. */
export function timestamp(date: Date): string {
  const two = (n: number) => String(n).padStart(2, "0");
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())];
  return [...day, two(date.getHours()), two(date.getMinutes()), two(date.getSeconds())].join("-");
}

/** A run's folder, locked. All writing of outputs goes through it, so that the manifest lists each with its hash. */
export class RunDirectory implements AsyncDisposable {
  /** Path of the folder. */
  readonly path: string;
  readonly #manifest: Manifest;
  readonly #lock: RunLock;
  readonly #made = new Set<string>();
  /** Logs of finished samples that the manifest on the disk does not list yet. */
  readonly #logs: string[] = [];
  /** No saving between samples before this time. */
  #quietUntil = 0;

  private constructor(path: string, manifest: Manifest, lock: RunLock) {
    this.path = path;
    this.#manifest = manifest;
    this.#lock = lock;
  }

  /**
   * Makes `<parent>/<prefix>-<time>` and writes its first manifest, `status` "running".
   *
   * @throws {StorageError} when the file system refuses; no folder is left behind then
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
      await Deno.remove(path).catch(() => {});
      throw error;
    }
  }

  /** Goes on with a run whose lock is held, and saves its manifest. The lock is the run's from then on. */
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

  /** Writes one output whole and notes its hash for the manifest. `name` is a path inside the folder, with `/`. */
  async write(name: string, bytes: Uint8Array): Promise<void> {
    await this.#ensureFolder(name.split("/").slice(0, -1).join("/"));
    await writeWholeFile(join(this.path, name), bytes);
    this.#manifest.outputs[name] = digestBytes(bytes);
  }

  /** Opens the log of the rounds of the sample in `folder`; it is removed once the manifest lists the sample. */
  async openRoundLog(folder: string, identity: string): Promise<RoundLog> {
    await this.#ensureFolder(folder);
    return await RoundLog.open(join(this.path, folder, LOG_NAME), identity);
  }

  /** Notes that all files of the sample in `folder` are written: from now on they are kept, whatever ends the run. */
  async endSample(folder: string, record: SampleRecord): Promise<void> {
    const { samples } = this.#manifest;
    samples.push(record);
    samples.sort((a, b) => a.index - b.index);
    this.#logs.push(join(this.path, folder, LOG_NAME));
    const now = performance.now();
    if (now < this.#quietUntil) return;
    await this.#saveAndForgetLogs();
    this.#quietUntil = now + (performance.now() - now) / SAVING_SHARE;
  }

  /** Ends the run: the manifest is the last file written. */
  async finish(
    status: Exclude<Manifest["status"], "running">,
    error?: Manifest["error"],
  ): Promise<void> {
    if (status === "complete") await this.#saveAndForgetLogs();
    this.#manifest.status = status;
    if (error) this.#manifest.error = error;
    await this.#saveInReserve();
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
        // There is none with --no_checkpoint; what cannot be removed now is tried again at the end.
        if (!(error instanceof Deno.errors.NotFound)) this.#logs.push(log);
      });
    }
  }

  async #saveManifest(): Promise<void> {
    const bytes = encodeManifest(this.#manifest);
    await this.#lock.reserve(2 * bytes.length + RESERVE_BYTES);
    await writeWholeFile(join(this.path, "manifest.json"), bytes);
  }

  /** Gives up the reserve where there is no other room. */
  async #saveInReserve(): Promise<void> {
    const save = () =>
      writeWholeFile(join(this.path, "manifest.json"), encodeManifest(this.#manifest));
    await save().catch(async () => {
      await this.#lock.free();
      await save();
    });
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
