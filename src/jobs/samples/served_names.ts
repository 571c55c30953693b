/**
 * Compares the hash in the name of a model on a server with the network of the model folder.
 * @module
 */
import { RuntimeLibraryError } from "../../errors.ts";
import type { Identifying } from "./trajectory_identity.ts";

/** `dit_emoji_718080d3a397`, as `convert triton` names models. */
const HASHED_NAME = /_([0-9a-f]{12})$/;

/**
 * Compares names that end in a hash with the hash of the network. If the folder has no network or
 * the name has no hash, only the server's probe identifies the model.
 *
 * @param sha256 hash of the denoiser's network and its external data
 * @throws {RuntimeLibraryError} naming the server
 */
export function checkServedNames(
  { files, denoiserPart, served }: Pick<Identifying, "files" | "denoiserPart" | "served">,
  sha256: string,
): void {
  if (!Object.keys(files).some((name) => name.startsWith(`${denoiserPart}/`))) return;
  for (const { host, model } of served) {
    const hash = HASHED_NAME.exec(model)?.[1];
    if (hash === undefined || sha256.startsWith(hash)) continue;
    throw new RuntimeLibraryError(
      `${host} serves ${model}, the model folder's ${denoiserPart} has the hash ` +
        sha256.slice(0, 12),
      { hint: (name) => `serve this folder's network, or set ${name("modelPath")} to the other` },
    );
  }
}
