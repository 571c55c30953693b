/** One hash over a network and its external data. @module */
import { type Digest, digestBytes } from "../../storage/hash.ts";

/**
 * Hash of the files of a part of a model folder, in the order in which they were opened.
 *
 * @param files digests by name in the folder; those of other parts are left out
 * @returns lower-case hexadecimal; `undefined` if the part has no file
 */
export function networkDigest(
  files: Readonly<Record<string, Digest>>,
  part: string,
): string | undefined {
  const own = Object.entries(files).filter(([name]) => name.startsWith(`${part}/`));
  return own.length === 0 ? undefined : digestOf(own.map(([, { sha256 }]) => sha256));
}

/** One hash over several. */
export function digestOf(hashes: readonly string[]): string {
  return digestBytes(new TextEncoder().encode(hashes.join())).sha256;
}
