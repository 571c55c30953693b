/** Downloads one file of a repository: resumes it, and checks its size and hash. @module */
import { NetworkError } from "../errors.ts";
import { type HubRequest, hubRequest, type HubResponse } from "./hub_request.ts";
import type { HubFile } from "./hub_listing.ts";
import { PartialFile } from "./partial_file.ts";
import { type Patience, TransientFault, withRetries } from "./transient_fault.ts";

/** Options of {@link downloadFile}. */
export interface DownloadOptions {
  /** The request for the file. */
  request: HubRequest;
  patience: Patience;
  /** Called with the number of bytes downloaded so far. */
  progress: (bytes: number) => void;
  note?: (line: string) => void;
}

/**
 * Downloads a file to `path`, resuming after the bytes that exist. On return the file has the
 * listed size and hash.
 *
 * @throws {NetworkError} if the hub refuses, or sends other bytes than it lists
 * @throws {StorageError} if the file system refuses; the bytes received are kept
 */
export async function downloadFile(
  file: HubFile,
  path: string,
  { request, patience, progress, note }: DownloadOptions,
): Promise<void> {
  const { signal } = request;
  using partial = await PartialFile.open(path, file, signal);
  const download = new Download(file, partial, request);
  // Bytes of an earlier process may belong to another file. After they are dropped, a wrong hash
  // is the hub's fault.
  for (let fresh = partial.size === 0;; fresh = true) {
    await withRetries(() => download.attempt(progress), {
      ...{ patience, signal, note },
      bytes: () => download.furthest,
    });
    if (await partial.finish()) return;
    partial.restart();
    if (fresh) throw wrongBytes(request.what, file);
    note?.(`${request.what}: the bytes of an earlier download are wrong, downloading again`);
  }
}

function wrongBytes(what: string, { hash }: HubFile): NetworkError {
  const kind = hash.kind === "sha256" ? "SHA-256" : "SHA-1";
  return new NetworkError(
    `${what}: its ${kind} is not the one that the hub lists (${hash.hex})`,
    {
      hint: "try again, or try without mirror or proxy",
    },
  );
}

/** A download over several connections. */
class Download {
  /** ETag of the bytes received, if this process requested them. */
  #etag: string | undefined;
  /** Largest number of bytes so far: repeated bytes are not progress. */
  furthest = 0;

  constructor(
    readonly file: HubFile,
    readonly partial: PartialFile,
    readonly request: HubRequest,
  ) {}

  /** Requests the missing bytes and appends the response. */
  async attempt(progress: (bytes: number) => void): Promise<void> {
    const { file, partial, request } = this;
    progress(partial.size);
    if (partial.size === file.size) return;
    using answer = await hubRequest({ ...request, headers: this.#rangeHeaders() });
    this.#check(answer);
    for await (const piece of answer.pieces()) {
      if (partial.size + piece.length > file.size) throw this.#wrongSize(answer, "more");
      partial.write(piece);
      this.furthest = Math.max(this.furthest, partial.size);
      progress(partial.size);
    }
    if (partial.size < file.size) throw this.#wrongSize(answer, `${partial.size}`);
  }

  #rangeHeaders(): Record<string, string> {
    if (this.partial.size === 0) return {};
    const range = { range: `bytes=${this.partial.size}-` };
    return this.#etag === undefined ? range : { ...range, "if-range": this.#etag };
  }

  /** Checks that the response continues at the end of the file. */
  #check(answer: HubResponse): void {
    const { file, partial, request: { what } } = this;
    const { status, headers, linkedEtag, host } = answer;
    if (linkedEtag?.length === file.hash.hex.length && linkedEtag !== file.hash.hex) {
      throw new NetworkError(`${what}: it changed on ${host} after it was listed`, {
        hint: "run the command again to list the new files",
      });
    }
    const start = status === 206 ? rangeStart(headers, file.size) : 0;
    if (status === 416 || (status === 206 && start !== partial.size)) {
      partial.restart();
      throw new TransientFault(`${what}: ${host} sends another range than requested`);
    }
    // Status 200: the server does not support ranges, or the file has changed.
    if (status === 200 && partial.size > 0) partial.restart();
    const etag = headers.get("etag");
    // A weak ETag cannot be used with ranges.
    this.#etag = etag !== null && /^"[^"]*"$/.test(etag) ? etag : undefined;
    const length = headers.get("content-length");
    if (length === null || headers.has("content-encoding")) return;
    if (Number(length) !== file.size - partial.size) {
      throw this.#wrongSize(answer, `${partial.size + Number(length)}`);
    }
  }

  #wrongSize({ host }: HubResponse, bytes: string): TransientFault {
    const { file, request: { what } } = this;
    return new TransientFault(`${what}: ${host} sends ${bytes} of the ${file.size} bytes listed`);
  }
}

/** First byte of a `Content-Range` of a file of this size. */
function rangeStart(headers: Headers, size: number): number | undefined {
  const range = headers.get("content-range") ?? "";
  const [, start, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(range) ?? [];
  if (start === undefined || (total !== "*" && Number(total) !== size)) return undefined;
  return Number(start);
}
