/** The manifest that a sampling run starts with. @module */
import type { LatentPipeline } from "../pipelines/latent_pipeline.ts";
import { type Digest, digestFile } from "../runs/hash.ts";
import type { Manifest } from "../runs/manifest.ts";
import type { Environment } from "../runtime/environment.ts";
import { VERSION } from "../version.ts";
import type { FlagTable } from "./flag.ts";
import { recordArguments } from "./read_arguments.ts";

/** Records arguments, versions, and the hashes of the library and of every network in use. */
export async function newManifest(
  script: string,
  flags: FlagTable,
  values: { provider: string },
  env: Environment,
  pipeline: LatentPipeline<never>,
): Promise<Manifest> {
  const files: Record<string, Digest> = {};
  await hashNetworks(files, pipeline);
  return {
    format: "parataa-manifest",
    version: 1,
    status: "running",
    script,
    arguments: recordArguments(flags, values, "all"),
    versions: { parataa: VERSION, deno: Deno.version.deno, onnxruntime: env.version },
    provider: values.provider === "cuda" ? "cuda" : "cpu",
    library: { path: env.libraryPath, ...await digestFile(env.libraryPath) },
    model: { path: pipeline.folder.path, name: pipeline.folder.name, files },
    started: new Date().toISOString(),
    samples: [],
    outputs: {},
  };
}

/** Adds the hashes of networks that were opened since. */
export async function hashNetworks(
  files: Record<string, Digest>,
  pipeline: LatentPipeline<never>,
): Promise<void> {
  for (const [name, path] of pipeline.networkFiles) files[name] ??= await digestFile(path);
}
