/** Downloads a model's files from a hub. @module */
import { join } from "node:path";
import { UsageError } from "../errors.ts";
import { cacheLayout } from "./cache_layout.ts";
import { downloadFile } from "./download_file.ts";
import { folderLayout, STAGING } from "./folder_layout.ts";
import { type HubAddress, hubAddress } from "./hub_address.ts";
import { type HubFile, type HubListing, readListing } from "./hub_listing.ts";
import type { HubRequest } from "./hub_request.ts";
import { checkListedNames } from "./listed_name.ts";
import type { ModelLayout } from "./model_layout.ts";
import { chooseFiles, type FileChoice } from "./needed_files.ts";
import { checkRevision, readRepositoryName, type RepositoryName } from "./repository_name.ts";
import { lockStaging } from "./staging_lock.ts";
import { DEFAULT_PATIENCE, type Patience, withRetries } from "./transient_fault.ts";

/** Default revision. */
const MAIN = "main";

/** Progress of a download. */
export type FetchEvent =
  /** The files were chosen; nothing is downloaded yet. */
  | { event: "files"; model: FetchedModel }
  /** Bytes were received: `bytes` of `size` of the file, `done` of `total` of all files. */
  | { event: "bytes"; path: string; bytes: number; size: number; done: number; total: number }
  /** A file is complete. */
  | { event: "file"; path: string; size: number }
  /** A note for the user. */
  | { event: "note"; line: string };

/** Options of {@link fetchModel}. */
export interface FetchOptions extends FileChoice {
  /** Branch, tag or commit; default `main`. */
  revision?: string;
  /** Folder to put the files into; default `models/<name>`. */
  outputPath?: string;
  /** Write the files to this cache, in the layout of the hub's own tools, instead of a folder. */
  cacheDir?: string;
  /** Choose the files and download nothing. */
  dryRun?: boolean;
  /** Address of the hub or a mirror. */
  endpoint?: string;
  /** Access token for private and gated models. It is sent to the endpoint only. */
  token?: string;
  /** Stops the download; received bytes are kept. */
  signal?: AbortSignal;
  /** Called with each event. */
  onProgress?: (event: FetchEvent) => void;
  /** When to retry, and when to give up. */
  patience?: Partial<Patience>;
}

/** A downloaded model, or with `dryRun` one to download. */
export interface FetchedModel {
  /** `owner/name`. */
  readonly repository: string;
  /** Requested revision. */
  readonly revision: string;
  /** Commit of the revision: 40 hexadecimal digits. */
  readonly commit: string;
  /** Folder of the files. */
  readonly path: string;
  /** The files, in the order of the download. */
  readonly files: readonly HubFile[];
}

/**
 * Downloads the files of a hub's repository that a model folder needs, or those that match
 * `include`. Files belong to one commit, their sizes and hashes are compared with the listing, and
 * they get their names after all are complete. A call after a failure resumes the download.
 *
 * @param repository `owner/name`
 * @returns the folder and the files
 * @throws {UsageError} if the name, the revision or a pattern is wrong, or a different file exists
 * @throws {FormatError} if the listing is malformed or has paths that cannot be written safely
 * @throws {NetworkError} if the hub cannot be reached, refuses, or sends other bytes than it lists
 * @throws {StorageError} if the file system refuses, as on a full disk
 * @throws {BusyError} if another process downloads into the same folder
 *
 * @example
 * ```ts
 * import { fetchModel } from "@parataa/parataa";
 * import assert from "node:assert/strict";
 * await assert.rejects(fetchModel("no-owner"), /the repository is "no-owner", wanted owner\/name/);
 * ```
 */
export async function fetchModel(
  repository: string,
  options: FetchOptions = {},
): Promise<FetchedModel> {
  const name = readRepositoryName(repository);
  const { revision = MAIN, signal, onProgress } = options;
  checkRevision(revision);
  if (options.outputPath !== undefined && options.cacheDir !== undefined) {
    throw new UsageError((name) =>
      `${name("outputPath")} and ${name("cacheDir")} are given, wanted at most one of them`
    );
  }
  const address = hubAddress(options);
  const session = new Session(repository, address, options);
  const { commit, files: listed } = await session.list(revision);
  const files = chooseFiles(listed, options, repository);
  checkListedNames(files.map(({ path }) => path), `the listing of ${repository}`, STAGING);
  const layout = layoutOf(name, { revision, commit }, options);
  const model = { repository, revision, commit, path: layout.path, files };
  onProgress?.({ event: "files", model });
  if (!options.dryRun) await session.download(model, layout);
  signal?.throwIfAborted();
  return model;
}

function layoutOf(
  repository: RepositoryName,
  { revision, commit }: { revision: string; commit: string },
  { cacheDir, outputPath, onProgress }: FetchOptions,
): ModelLayout {
  if (cacheDir === undefined) return folderLayout(outputPath ?? join("models", repository.name));
  const note = (line: string) => onProgress?.({ event: "note", line });
  return cacheLayout({ cacheDir, repository, revision, commit, note });
}

/** The requests of one download. */
class Session {
  readonly #patience: Patience;

  constructor(
    readonly repository: string,
    readonly address: HubAddress,
    readonly options: FetchOptions,
  ) {
    this.#patience = { ...DEFAULT_PATIENCE, ...options.patience };
  }

  /** Requests the listing of a revision. */
  list(revision: string): Promise<HubListing> {
    const path = `/api/models/${this.repository}/revision/${
      encodeURIComponent(revision)
    }?blobs=true`;
    const request = this.#request(path, this.repository);
    const { signal } = this.options;
    return withRetries(() => readListing(request), {
      ...{ patience: this.#patience, signal, note: this.#note },
    });
  }

  /** Downloads the missing files, then gives all files their names. */
  async download(model: FetchedModel, layout: ModelLayout): Promise<void> {
    const { signal } = this.options;
    const missing = await filterAsync(model.files, async (file) => !await layout.has(file, signal));
    if (missing.length === 0) return await layout.publish([]); // records a new revision
    using _lock = await lockStaging(layout.staging);
    const total = model.files.reduce((sum, { size }) => sum + size, 0);
    let before = total - missing.reduce((sum, { size }) => sum + size, 0);
    for (const file of missing) {
      if (!await layout.keeps(file, signal)) {
        await this.#file(model, file, { layout, before, total });
      }
      before += file.size;
      this.options.onProgress?.({ event: "file", path: file.path, size: file.size });
    }
    signal?.throwIfAborted();
    await layout.publish(missing);
  }

  #file(
    { commit }: FetchedModel,
    file: HubFile,
    { layout, before, total }: { layout: ModelLayout; before: number; total: number },
  ): Promise<void> {
    const { path, size } = file;
    const encoded = path.split("/").map(encodeURIComponent).join("/");
    return downloadFile(file, layout.partial(file), {
      request: this.#request(`/${this.repository}/resolve/${commit}/${encoded}`, path),
      patience: this.#patience,
      note: this.#note,
      progress: (bytes) =>
        this.options.onProgress?.({
          event: "bytes",
          path,
          bytes,
          size,
          done: before + bytes,
          total,
        }),
    });
  }

  #request(path: string, what: string): HubRequest {
    const { signal } = this.options;
    return { address: this.address, path, what, stallMs: this.#patience.stallMs, signal };
  }

  readonly #note = (line: string) => this.options.onProgress?.({ event: "note", line });
}

async function filterAsync<T>(
  items: readonly T[],
  keep: (item: T) => Promise<boolean>,
): Promise<T[]> {
  const kept: T[] = [];
  for (const item of items) if (await keep(item)) kept.push(item);
  return kept;
}
