/**
 * The checkpoint of a sample: a log of the network's answers. A solver is a function of these answers alone, so that it reaches the
 * same state again, to the bit and whatever the method, when it is given them from the log instead of from the network.
 *
 * The file is a row of records, one for each call: the noise prediction of all its rows in float64, then SHA-256 over the digest
 * before, the steps, the latents that were asked and the answer. The first digest is that of the sample's identity. A record that is
 * torn, damaged or the answer to another question ends the log: it is cut there, and the network is asked again.
 * @module
 */
import type { Buffer } from "node:buffer";
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
  /** Rounds whose answer came from the log. */
  replayed = 0;
  readonly #path: string;
  readonly #file: Deno.FsFile;
  #digest: Uint8Array;
  /** Bytes up to the end of the last record that was taken or written. */
  #length = 0;
  #replaying = true;
  #writing: Promise<void> = Promise.resolve();

  private constructor(path: string, file: Deno.FsFile, identity: string) {
    this.#path = path;
    this.#file = file;
    this.#digest = createHash("sha256").update(`parataa rounds 1\n${identity}`).digest();
  }

  /**
   * Opens the log at `path`, made where there is none.
   *
   * @param path a file in a folder that exists
   * @param identity all that decides the answers: arguments, model, noise; records of another identity are not taken
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

  /** The same denoiser: its answers come from the log as far as that goes, and are added to it from there on. */
  around(inner: Denoiser): Denoiser {
    return {
      rowSize: inner.rowSize,
      predictNoise: async (latents, steps, out, signal) => {
        const answer = bytesOf(out);
        const question = [bytesOf(steps), bytesOf(latents)];
        if (this.#replaying && await this.#replay(question, answer)) return;
        await inner.predictNoise(latents, steps, out, signal);
        // An answer that ends the run is not kept: the next try shall ask again.
        if (countNonFinite(out) === 0) await this.#append(question, answer);
      },
    };
  }

  /** Waits until all records are on the disk. @throws {StorageError} when one could not be written */
  flush(): Promise<void> {
    return this.#writing;
  }

  /** Waits for the record being written and closes the file; it stays. Closing twice is fine. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing.catch(() => {}); // flush() told of it
    this.#file[Symbol.dispose]();
  }

  async #replay(question: readonly Uint8Array[], answer: Uint8Array): Promise<boolean> {
    const recorded = new Uint8Array(answer.length + DIGEST_BYTES);
    try {
      if (await readAll(this.#file, recorded)) {
        const digest = this.#link([...question, recorded.subarray(0, answer.length)]);
        if (digest.equals(recorded.subarray(answer.length))) {
          answer.set(recorded.subarray(0, answer.length));
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

  /** Returns while the record is on its way: writing it takes no time from the next round. */
  async #append(question: readonly Uint8Array[], answer: Uint8Array): Promise<void> {
    await this.#writing;
    const digest = this.#link([...question, answer]);
    const record = new Uint8Array(answer.length + DIGEST_BYTES);
    record.set(answer);
    record.set(digest, answer.length);
    this.#advance(digest, record.length);
    this.#writing = this.#write(record);
    this.#writing.catch(() => {}); // the next append or flush() throws it
  }

  async #write(record: Uint8Array): Promise<void> {
    try {
      await writeAll(this.#file, record);
      await this.#file.syncData();
    } catch (error) {
      throw asStorageError(`cannot write ${this.#path} (${record.length} bytes)`, error);
    }
  }

  #link(parts: readonly Uint8Array[]): Buffer {
    const hash = createHash("sha256").update(this.#digest);
    for (const part of parts) hash.update(part);
    return hash.digest();
  }

  #advance(digest: Uint8Array, bytes: number): void {
    this.#digest = digest;
    this.#length += bytes;
  }
}

function bytesOf(view: Float64Array | Int32Array): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
