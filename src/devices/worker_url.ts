/**
 * The module that device Workers run.
 * @module
 */
import { fileURLToPath } from "node:url";

/** A module that calls `serveDevice`. */
export interface WorkerEntry {
  readonly url: URL;
  /** Files and folders of the module and its imports. */
  readonly sources: readonly URL[];
}

let entry: WorkerEntry = {
  url: new URL("./device_worker.ts", import.meta.url),
  sources: [new URL("..", import.meta.url), new URL("../../ffi", import.meta.url)],
};

/** The module that Workers run. */
export function deviceWorker(): WorkerEntry {
  return entry;
}

/** Sets another module, such as the entry of a bundle. */
export function setDeviceWorker(url: URL, sources: readonly URL[] = [url]): void {
  entry = { url, sources };
}

/** Paths of the sources on disk, without trailing slashes. */
export function workerSourcePaths(): string[] {
  return entry.sources.filter(({ protocol }) => protocol === "file:")
    .map((source) => fileURLToPath(source).replace(/[/\\]$/, ""));
}
