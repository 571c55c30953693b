/** Creates the initial manifest of a sampling run. @module */
import { isAbsolute } from "node:path";
import type { LatentPipeline } from "../pipelines/latent_pipeline.ts";
import { type Digest, digestFile } from "../storage/hash.ts";
import { describeHost } from "../runs/host.ts";
import type { Manifest } from "../runs/manifest.ts";
import type { Environment } from "../runtime/environment.ts";
import { SOLVER_REVISION } from "../sampling/revision.ts";
import { VERSION } from "../version.ts";
import type { Execution } from "./execution/choose_provider.ts";
import type { OpenModel } from "./execution/open_model.ts";
import { PROVIDERS } from "../runtime/providers/provider_table.ts";

/** Software that executes a run, independent of model and arguments. */
export type RunSetup = Pick<Manifest, "versions" | "provider" | "served" | "library">;

/** Returns versions, provider and the hash of the library. */
export async function describeSetup(
  { provider }: Pick<Execution, "provider">,
  env: Environment,
): Promise<RunSetup> {
  return {
    versions: {
      parataa: VERSION,
      solver: SOLVER_REVISION,
      deno: Deno.version.deno,
      onnxruntime: env.version,
    },
    provider,
    library: await describeLibrary(env),
  };
}

/**
 * Returns a manifest with the software and the hash of every model file in use. The arguments are
 * added once they are final.
 */
export async function newManifest(
  script: string,
  { execution, env, pipeline }: OpenModel,
  signal: AbortSignal,
): Promise<Manifest> {
  const files: Record<string, Digest> = {};
  await hashNetworks(files, pipeline, signal);
  const configs: Record<string, Digest | null> = {};
  for (const [name, path] of pipeline.configFiles) {
    configs[name] = path === undefined ? null : await digestFile(path, signal);
  }
  const { versions, provider, library } = await describeSetup(execution, env);
  const served = pipeline.served.length > 0 ? { served: pipeline.served } : {};
  return {
    format: "parataa-manifest",
    version: 1,
    status: "running",
    script,
    arguments: {},
    versions,
    provider,
    device: execution.device,
    precision: execution.device && PROVIDERS[execution.provider].precision,
    host: await describeHost(),
    devices: [],
    ...served,
    library,
    model: { path: pipeline.folder.path, name: pipeline.folder.name, files, configs },
    started: new Date().toISOString(),
    samples: [],
    outputs: {},
  };
}

/** Adds the hashes of networks opened in the meantime. */
export async function hashNetworks(
  files: Record<string, Digest>,
  pipeline: LatentPipeline,
  signal: AbortSignal,
): Promise<void> {
  for (const [name, path] of pipeline.networkFiles) files[name] ??= await digestFile(path, signal);
}

/**
 * Path and digest of the library. A library that the system loader found by name has no path to
 * hash. The one that ships with parataa was hashed when it was opened: 45 MB, a third of the time
 * that a short run takes outside the network.
 */
async function describeLibrary(
  { libraryPath: path, libraryDigest }: Environment,
): Promise<Manifest["library"]> {
  if (!isAbsolute(path)) return { path };
  return { path, ...libraryDigest ?? await digestFile(path) };
}
