/** A file on disk as a {@link ByteSource}. @module */
import { PermissionError } from "../errors.ts";
import type { ByteSource } from "./byte_source.ts";

/**
 * A file that is read on demand. It must stay open as long as a reader uses it.
 *
 * @example
 * ```ts
 * import { FileSource } from "@parataa/parataa";
 * import assert from "node:assert/strict";
 * using source = FileSource.open("LICENSE");
 * assert.equal(new TextDecoder().decode(await source.read(0, 3)), "MIT");
 * ```
 */
export class FileSource implements ByteSource, Disposable {
  readonly #file: Deno.FsFile;
  /** Total number of bytes when it was opened. */
  readonly size: number;

  private constructor(file: Deno.FsFile, size: number) {
    this.#file = file;
    this.size = size;
  }

  /**
   * Opens a file.
   *
   * @throws {PermissionError} when reading is not allowed
   * @throws {Deno.errors.NotFound} and the like, as `Deno.openSync`
   */
  static open(path: string): FileSource {
    try {
      const file = Deno.openSync(path);
      return new FileSource(file, file.statSync().size);
    } catch (cause) {
      if (!(cause instanceof Deno.errors.NotCapable)) throw cause;
      throw new PermissionError(`cannot read ${path}`, { hint: cause.message, cause });
    }
  }

  /**
   * Reads `length` bytes at `offset`, fewer if the file ends before. Seeking and reading are one
   * synchronous step, so reads may be started concurrently.
   */
  read(offset: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(Math.max(0, Math.min(length, this.size - offset)));
    this.#file.seekSync(offset, Deno.SeekMode.Start);
    let filled = 0;
    while (filled < bytes.length) {
      const n = this.#file.readSync(bytes.subarray(filled));
      if (n === null) break;
      filled += n;
    }
    return Promise.resolve(bytes.subarray(0, filled));
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}
