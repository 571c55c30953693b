/** Downloads from a hub on loopback into a new folder. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type FetchEvent, fetchModel, type FetchOptions } from "../../src/hub/fetch_model.ts";
import { bytesOf, type FakeHub, withHub } from "./hub_server.ts";
import { withTempFolder } from "./temp_folder.ts";

/** Waiting times of a millisecond. */
export const PATIENCE = { retries: 3, backoffMs: 1, stallMs: 30_000 };

/** Weights of the model, served by the storage server. */
export const UNET = bytesOf(200_000);
/** Files of the repository. */
const FILES = {
  "model_index.json": "{}",
  "README.md": "not needed",
  "unet/config.json": '{"a": 1}',
  "unet/diffusion_pytorch_model.safetensors": UNET,
  "unet/diffusion_pytorch_model.bin": bytesOf(300),
};
/** Files that a model needs; the last one is the weights. */
export const NEEDED = [
  "model_index.json",
  "unet/config.json",
  "unet/diffusion_pytorch_model.safetensors",
];

/** A hub, and a folder for the download. */
export interface FetchPlace {
  hub: FakeHub;
  /** Folder that does not exist yet. */
  folder: string;
  /** Downloads into `folder`. */
  fetch: (options?: FetchOptions) => ReturnType<typeof fetchModel>;
  /** Reported events. */
  events: FetchEvent[];
}

/** Runs `test` with a new hub and folder. */
export function withFetchPlace(
  test: (place: FetchPlace) => Promise<void>,
  files: Parameters<typeof withHub>[0] = FILES,
): Promise<void> {
  return withTempFolder((temp) =>
    withHub(files, (hub) => {
      const folder = join(temp, "model");
      const events: FetchEvent[] = [];
      const fetch = (options: FetchOptions = {}) => {
        const place = options.cacheDir === undefined ? { outputPath: folder } : {};
        return fetchModel("owner/name", {
          ...{ endpoint: hub.endpoint, patience: PATIENCE, ...place },
          onProgress: (event) => events.push(event),
          ...options,
        });
      };
      return test({ hub, folder, fetch, events });
    })
  );
}

/** Lists every file below a folder; none if it does not exist. */
export async function filesIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  const entries = await Array.fromAsync(Deno.readDir(folder)).catch(() => []);
  for (const { name, isDirectory } of entries) {
    const inner = isDirectory ? await filesIn(join(folder, name)) : [];
    names.push(...isDirectory ? inner.map((path) => `${name}/${path}`) : [name]);
  }
  return names.sort();
}

/** Returns the error of a download. Its message must be one line without a redirect's signature. */
export async function failure(fetched: Promise<unknown>): Promise<Error & { hint?: string }> {
  const error = await fetched.then(() => assert.fail("was expected to fail"), (error) => error);
  assert.doesNotMatch(`${error.message} ${error.hint} ${error.cause}`, /\n|SECRET|hf_/);
  return error;
}

/** Whether a path is that of a large file on the storage server. */
export function isData(path: string): boolean {
  return path.includes("Signature");
}
