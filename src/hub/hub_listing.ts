/** The files of a hub's repository. @module */
import { FormatError } from "../errors.ts";
import { isJsonObject, type JsonObject, type JsonValue, readJson } from "../formats/json.ts";
import { shown, shownValue } from "../text.ts";
import { type HubRequest, hubRequest } from "./hub_request.ts";
import { invalidPathReason } from "./listed_name.ts";

/** A file of a repository. */
export interface HubFile {
  /** Path in the repository, parts separated by `/`. */
  readonly path: string;
  /** Size in bytes. */
  readonly size: number;
  /** Hash of its bytes: SHA-256 for a large file, git's SHA-1 of a blob for a small one. */
  readonly hash: { readonly kind: "sha256" | "git"; readonly hex: string };
}

/** A repository at one commit. */
export interface HubListing {
  /** 40 hexadecimal digits. */
  readonly commit: string;
  readonly files: readonly HubFile[];
}

/** Longest listing that is read. */
const MAX_FILES = 50_000;
const MAX_BYTES = 32 * 2 ** 20;

/**
 * Requests the files of a revision and their hashes.
 *
 * @param request its `what` is the repository's name
 * @throws {FormatError} if the listing is malformed, has impossible paths, or is too long
 * @throws {NetworkError} if the hub refuses or cannot be reached
 */
export async function readListing(request: HubRequest): Promise<HubListing> {
  const what = `the listing of ${request.what}`;
  const json = readJson(await readBody(request, what), { file: what });
  if (!isJsonObject(json)) {
    throw new FormatError(`${what} is ${shownValue(json)}, wanted an object`);
  }
  const { sha, siblings } = json;
  if (typeof sha !== "string" || !/^[0-9a-f]{40}$/.test(sha)) {
    throw new FormatError(
      `${what} has the commit ${shownValue(sha)}, wanted 40 hexadecimal digits`,
    );
  }
  if (!Array.isArray(siblings)) throw new FormatError(`${what} has no files`);
  if (siblings.length > MAX_FILES) {
    throw new FormatError(
      `${what} has ${siblings.length} files, at most ${MAX_FILES} are supported`,
    );
  }
  return { commit: sha, files: siblings.map((entry) => readFile(entry, what)) };
}

async function readBody(request: HubRequest, what: string): Promise<Uint8Array> {
  using answer = await hubRequest(request);
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of answer.pieces()) {
    if ((size += piece.length) > MAX_BYTES) {
      throw new FormatError(`${what} is longer than ${MAX_BYTES} bytes`);
    }
    pieces.push(piece);
  }
  return new Uint8Array(await new Blob(pieces as Uint8Array<ArrayBuffer>[]).arrayBuffer());
}

function readFile(entry: JsonValue, what: string): HubFile {
  const path = isJsonObject(entry) ? entry.rfilename : undefined;
  if (!isJsonObject(entry) || typeof path !== "string") {
    throw new FormatError(`${what} has the entry ${shownValue(entry)}, wanted a file`);
  }
  const why = invalidPathReason(path);
  if (why) throw new FormatError(`${what} names ${shown(path)}, which ${why}`);
  const lfs = isJsonObject(entry.lfs) ? entry.lfs : undefined;
  const hash = lfs ? hexOf(lfs, "sha256", 64) : hexOf(entry, "blobId", 40);
  const size = lfs?.size ?? entry.size;
  if (hash === undefined || typeof size !== "number" || !Number.isSafeInteger(size) || size < 0) {
    throw new FormatError(`${what} gives no size and hash of ${shown(path)}`);
  }
  return { path, size, hash: { kind: lfs ? "sha256" : "git", hex: hash } };
}

function hexOf(entry: JsonObject, key: string, length: number): string | undefined {
  const value = entry[key];
  return typeof value === "string" && value.length === length && /^[0-9a-f]+$/.test(value)
    ? value
    : undefined;
}
