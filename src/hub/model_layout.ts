/** Where the files of a repository are put. @module */
import type { HubFile } from "./hub_listing.ts";

/** A way to lay files out. No file has its own name before {@link ModelLayout.publish}. */
export interface ModelLayout {
  /** Folder of the model when it is done. */
  readonly path: string;
  /** Folder of the files that are on their way. */
  readonly staging: string;
  /** Path of a file on its way. Files of equal content share it. */
  partial(file: HubFile): string;
  /** Whether a file is in its place. @throws {UsageError} when another file is */
  has(file: HubFile, signal?: AbortSignal): Promise<boolean>;
  /** Whether the content of a file that is not in its place is there. */
  keeps(file: HubFile, signal?: AbortSignal): Promise<boolean>;
  /** Puts files into their places. @throws {StorageError} when the file system refuses */
  publish(files: readonly HubFile[]): Promise<void>;
}
