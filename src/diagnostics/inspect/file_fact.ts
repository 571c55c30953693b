/** Size and hash of a file, for `inspect`. @module */
import { digestFile } from "../../storage/hash.ts";
import type { FileFact, InspectOptions } from "./report.ts";

/** Size and hash of a file. */
export async function fileFact(path: string, options: InspectOptions): Promise<FileFact> {
  if (options.hash) return { path, ...await digestFile(path, options.signal) };
  return { path, size: (await Deno.stat(path)).size };
}
