/** Places for the files of a repository. @module */
import type { HubFile } from "./hub_listing.ts";

/** A layout of files. Files get their names in {@link ModelLayout.publish}. */
export interface ModelLayout {
  /** Folder of the complete model. */
  readonly path: string;
  /** Folder of incomplete files. */
  readonly staging: string;
  /** Path of an incomplete file. Files of equal content share it. */
  partial(file: HubFile): string;
  /** True if a file is in its place. @throws {UsageError} if a different file is */
  has(file: HubFile, signal?: AbortSignal): Promise<boolean>;
  /** True if the content of a file exists, but not in its place. */
  keeps(file: HubFile, signal?: AbortSignal): Promise<boolean>;
  /** Moves files to their places. @throws {StorageError} if the file system refuses */
  publish(files: readonly HubFile[]): Promise<void>;
}
