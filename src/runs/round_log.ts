/**
 * Checkpoint of a sample: a log of the network's outputs. A solver depends on these outputs only,
 * so replaying them restores its state bit for bit, for any method. The file is a sequence of
 * records, one per call: the noise predictions of all rows in float64, then SHA-256 over the
 * previous digest, the steps, the input latents and the output. The first digest is that of the
 * sample's identity. The log is truncated at the first record that is torn, damaged or belongs to
 * other inputs, and the network is called again from there.
 * @module
 */
import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { countNonFinite } from "../sampling/arguments.ts";
import type { Denoiser } from "../sampling/denoiser.ts";
import { openOwnFile, readAll, writeAll } from "../storage/own_file.ts";
import { asStorageError } from "../storage/storage_error.ts";
import { syncFolder } from "../storage/whole_file.ts";

const DIGEST_BYTES = 32;

/** Log of one sample's rounds. */
export class RoundLog implements AsyncDisposable {
  /** Number of rounds replayed from the log. */
  replayed = 0;
  readonly #path: string;
  readonly #file: Deno.FsFile;
  #digest: Uint8Array;
  /** Offset of the end of the last valid record. */
  #length = 0;
  #replaying = true;
  #writing: Promise<void> = Promise.resolve();
  /** Holds what is being written; kept, since fresh memory costs page faults. */
  #buffer = new Uint8Array(0);

  private constructor(path: string, file: Deno.FsFile, identity: string) {
    this.#path = path;
    this.#file = file;
    this.#digest = createHash("sha256").update(`parataa rounds 1\n${identity}`).digest();
  }

  /**
   * Opens the log at `path`; creates it if missing.
   *
   * @param path a file in a folder that exists
   * @param identity everything that determines the outputs: arguments, model, noise; records of
   *   another identity are discarded
   * @throws {StorageError} when the file system refuses
   */
  static async open(path: string, identity: string): Promise<RoundLog> {
    const log = new RoundLog(path, await openOwnFile(path), identity);
    try {
      await syncFolder(dirname(path));
    } catch (error) {
      log.#file.close();
      throw asStorageError(`cannot open ${path}`, error);
    }
    return log;
  }

  /** Wraps a denoiser: outputs are replayed from the log, then computed and appended to it. */
  around(inner: Denoiser): Denoiser {
    return {
      rowSize: inner.rowSize,
      predictNoise: async (latents, steps, out, signal) => {
        const answer = bytesOf(out);
        const question = [bytesOf(steps), bytesOf(latents)];
        if (this.#replaying && await this.#replay(question, answer)) return;
        await inner.predictNoise(latents, steps, out, signal);
        // Non-finite outputs are not logged, so that a resumed run computes them again.
        if (countNonFinite(out) === 0) await this.#append(question, answer);
      },
    };
  }

  /**
   * Waits until all records are on the disk.
   *
   * @throws {StorageError} when a record could not be written
   */
  flush(): Promise<void> {
    return this.#writing;
  }

  /** Waits for pending records and closes the file. Can be called twice. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing.catch(() => {}); // flush() reported the error
    this.#file[Symbol.dispose]();
  }

  async #replay(question: readonly Uint8Array[], answer: Uint8Array): Promise<boolean> {
    const recorded = new Uint8Array(answer.length + DIGEST_BYTES);
    try {
      if (await readAll(this.#file, recorded)) {
        const known = recorded.subarray(0, answer.length);
        const digest = await digestOf(this.#compose([...question, known]));
        if (recorded.subarray(answer.length).every((byte, i) => byte === digest[i])) {
          answer.set(known);
          this.#advance(digest, recorded.length);
          this.replayed++;
          return true;
        }
      }
      this.#replaying = false;
      await this.#file.truncate(this.#length);
      await this.#file.seek(this.#length, Deno.SeekMode.Start);
      return false;
    } catch (error) {
      throw asStorageError(`cannot read ${this.#path}`, error);
    }
  }

  /**
   * Starts to append a record and returns without waiting, so that the next round is not delayed.
   */
  async #append(question: readonly Uint8Array[], answer: Uint8Array): Promise<void> {
    await this.#writing;
    this.#writing = this.#write(this.#compose([...question, answer]), answer.length);
    this.#writing.catch(() => {}); // the next append or flush() throws the error
  }

  /** Copies the last digest and `parts`, and leaves room for their digest. */
  #compose(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
    const all = [this.#digest, ...parts];
    const size = all.reduce((sum, { length }) => sum + length, DIGEST_BYTES);
    if (this.#buffer.length < size) this.#buffer = new Uint8Array(size);
    let at = 0;
    for (const part of all) {
      this.#buffer.set(part, at);
      at += part.length;
    }
    return this.#buffer.subarray(0, size);
  }

  /** Writes the last `answer` bytes of what was composed, and the digest of all of it. */
  async #write(composed: Uint8Array<ArrayBuffer>, answer: number): Promise<void> {
    const record = composed.subarray(-answer - DIGEST_BYTES);
    try {
      const digest = await digestOf(composed);
      record.set(digest, answer);
      await writeAll(this.#file, record);
      await this.#file.syncData();
      this.#advance(digest, record.length);
    } catch (error) {
      throw asStorageError(`cannot write ${this.#path} (${record.length} bytes)`, error);
    }
  }

  #advance(digest: Uint8Array, bytes: number): void {
    this.#digest = digest;
    this.#length += bytes;
  }
}

/** Digest of what was composed, on another thread: it takes as long as the solver's round. */
async function digestOf(composed: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", composed.subarray(0, -DIGEST_BYTES)));
}

function bytesOf(view: Float64Array | Int32Array): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
