/** Reading a part of a file too large to hold. @module */
import { FormatError } from "../errors.ts";

/** Random access to bytes, e.g. a file: the readers open nothing themselves, see `FileSource`. */
export interface ByteSource {
  /** Total number of bytes. */
  readonly size: number;
  /** Reads exactly `length` bytes at `offset`; fewer only where the file has shrunk meanwhile. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/**
 * Reads a range and insists on getting all of it.
 *
 * @throws {FormatError} where the source ends early
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
