/** The manifest that a sampling run starts with. @module */
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

/** What runs are made by, whatever their model and arguments. */
export type Maker = Pick<Manifest, "versions" | "provider" | "library">;

/** Records versions and the library's hash. */
export async function describeMaker(
  { provider }: Pick<Execution, "provider">,
  env: Environment,
): Promise<Maker> {
  return {
    versions: {
      parataa: VERSION,
      solver: SOLVER_REVISION,
      deno: Deno.version.deno,
      onnxruntime: env.version,
    },
    provider,
    library: await describeLibrary(env.libraryPath),
  };
}

/** Records the maker and the hash of every file of the model in use; the arguments are added once they are settled. */
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
  const { versions, provider, library } = await describeMaker(execution, env);
  return {
    format: "parataa-manifest",
    version: 1,
    status: "running",
    script,
    arguments: {},
    versions,
    provider,
    device: execution.device,
    host: await describeHost(),
    devices: [],
    library,
    model: { path: pipeline.folder.path, name: pipeline.folder.name, files, configs },
    started: new Date().toISOString(),
    samples: [],
    outputs: {},
  };
}

/** Adds the hashes of networks that were opened since. */
export async function hashNetworks(
  files: Record<string, Digest>,
  pipeline: LatentPipeline,
  signal: AbortSignal,
): Promise<void> {
  for (const [name, path] of pipeline.networkFiles) files[name] ??= await digestFile(path, signal);
}

/** A library that the system found by its name alone has no path to hash. */
async function describeLibrary(path: string): Promise<Manifest["library"]> {
  return isAbsolute(path) ? { path, ...await digestFile(path) } : { path };
}
