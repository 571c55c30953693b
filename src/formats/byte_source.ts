/** Reads parts of files that are too large to hold in memory. @module */
import { FormatError } from "../errors.ts";

/** Random access to bytes. Readers do not open files themselves: see `FileSource`. */
export interface ByteSource {
  /** Total number of bytes. */
  readonly size: number;
  /** Reads exactly `length` bytes at `offset`, fewer only if the file has shrunk. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/**
 * Reads a range completely.
 *
 * @throws {FormatError} if the source ends early
 */
export async function readExactly(
  source: ByteSource,
  range: { offset: number; length: number },
  file: string,
): Promise<Uint8Array> {
  const bytes = await source.read(range.offset, range.length);
  if (bytes.length !== range.length) {
    throw new FormatError(
      `${file}: byte ${range.offset}: got ${bytes.length} of ${range.length} bytes, the file is cut short`,
    );
  }
  return bytes;
}
