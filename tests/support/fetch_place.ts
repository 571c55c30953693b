/** A fetch from a hub on loopback into a folder of its own. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type FetchEvent, fetchModel, type FetchOptions } from "../../src/hub/fetch_model.ts";
import { bytesOf, type FakeHub, withHub } from "./hub_server.ts";
import { withTempFolder } from "./temp_folder.ts";

/** Waits are a millisecond. */
export const PATIENCE = { retries: 3, backoffMs: 1, stallMs: 30_000 };

/** Weights of the model, kept by the storage. */
export const UNET = bytesOf(200_000);
/** What the repository holds. */
const FILES = {
  "model_index.json": "{}",
  "README.md": "not needed",
  "unet/config.json": '{"a": 1}',
  "unet/diffusion_pytorch_model.safetensors": UNET,
  "unet/diffusion_pytorch_model.bin": bytesOf(300),
};
/** What of it a model needs; the last one are the weights. */
export const NEEDED = [
  "model_index.json",
  "unet/config.json",
  "unet/diffusion_pytorch_model.safetensors",
];

/** A hub, and a folder to fetch into. */
export interface FetchPlace {
  hub: FakeHub;
  /** Not there yet. */
  folder: string;
  /** Fetches into `folder`. */
  fetch: (options?: FetchOptions) => ReturnType<typeof fetchModel>;
  /** What was told. */
  events: FetchEvent[];
}

/** Runs `test` with a hub and a folder of its own. */
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

/** Every file below a folder; none where there is no such folder. */
export async function filesIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  const entries = await Array.fromAsync(Deno.readDir(folder)).catch(() => []);
  for (const { name, isDirectory } of entries) {
    const inner = isDirectory ? await filesIn(join(folder, name)) : [];
    names.push(...isDirectory ? inner.map((path) => `${name}/${path}`) : [name]);
  }
  return names.sort();
}

/** The error of a fetch, whose message is one line without the signature of a redirect. */
export async function failure(fetched: Promise<unknown>): Promise<Error & { hint?: string }> {
  const error = await fetched.then(() => assert.fail("was expected to fail"), (error) => error);
  assert.doesNotMatch(`${error.message} ${error.hint} ${error.cause}`, /\n|SECRET|hf_/);
  return error;
}

/** Whether a path is that of a large file on the storage. */
export function isData(path: string): boolean {
  return path.includes("Signature");
}
