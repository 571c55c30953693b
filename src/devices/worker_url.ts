/**
 * Where a device's Worker starts.
 * @module
 */
import { fileURLToPath } from "node:url";

/** A module that calls `serveDevice`. */
export interface WorkerEntry {
  readonly url: URL;
  /** Files and folders that it and its imports are read from. */
  readonly sources: readonly URL[];
}

let entry: WorkerEntry = {
  url: new URL("./device_worker.ts", import.meta.url),
  sources: [new URL("..", import.meta.url), new URL("../../ffi", import.meta.url)],
};

/** Module that the Workers start with. */
export function deviceWorker(): WorkerEntry {
  return entry;
}

/** Another module in its place: a bundle's own entry, the faulty devices of the tests. */
export function setDeviceWorker(url: URL, sources: readonly URL[] = [url]): void {
  entry = { url, sources };
}

/** Paths of the sources on the disk, without slashes at their ends. */
export function workerSourcePaths(): string[] {
  return entry.sources.filter(({ protocol }) => protocol === "file:")
    .map((source) => fileURLToPath(source).replace(/[/\\]$/, ""));
}
