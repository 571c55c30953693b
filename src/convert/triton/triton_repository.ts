/** A model repository for Triton from the denoiser of a model folder. @module */
import { basename, join, resolve } from "node:path";
import { ModelError, UsageError } from "../../errors.ts";
import { readOnnx } from "../../formats/onnx/onnx.ts";
import type { OnnxModel } from "../../formats/onnx/onnx_types.ts";
import { ModelFolder } from "../../models/model_folder.ts";
import { batchWideOperators } from "../../models/networks/batch_wide.ts";
import { networkDigest } from "../../models/networks/network_digest.ts";
import { frozenBatch, perRowTimesteps } from "../../models/networks/per_row_timesteps.ts";
import { type Digest, digestFile } from "../../storage/hash.ts";
import { StagedFiles } from "../../storage/staged_files.ts";
import { tritonConfig } from "./triton_config.ts";
import { tritonTensor } from "./triton_tensors.ts";
import { withUniqueRows } from "./unique_rows.ts";

/** Options of {@link writeTritonRepository}. */
export interface TritonOptions {
  /** Model folder. */
  model: string;
  /** Repository to add the model to. */
  repository: string;
  /** Take `model_fp16.onnx`. */
  fp16: boolean;
  signal: AbortSignal;
}

/** A model of the repository. */
export interface TritonEntry {
  /** Its name on the server: the model's, and twelve digits of the network's hash. */
  name: string;
  /** What was changed in the network, in words. */
  edits: readonly string[];
  /** Bytes of the network and its external data. */
  bytes: number;
}

/** Parts of a model folder that are denoisers. */
const DENOISERS = ["unet", "transformer"];
/** Digits of the hash in a name. */
const HASH_DIGITS = 12;
/** Input whose rows are mostly equal, and large. */
const REPEATED = "encoder_hidden_states";

/**
 * Adds the denoiser to a repository: `NAME/config.pbtxt`, `NAME/1/model.onnx` and its external
 * data. All files are written, or none.
 *
 * @throws {ModelError} if the network cannot be served with the bytes of a local one
 * @throws {UsageError} if the repository has the model
 * @throws {StorageError} when the file system refuses
 */
export async function writeTritonRepository(
  { model: path, repository, fp16, signal }: TritonOptions,
): Promise<TritonEntry> {
  const part = await denoiserPart(path, fp16);
  const folder = await ModelFolder.open(path, { networks: [part], fp16 });
  const file = await folder.network(part);
  const sha256 = networkDigest(await digests(folder, signal), part)!;
  const served = await servedNetwork(file);
  const name = `${slug(folder.name)}_${sha256.slice(0, HASH_DIGITS)}`;
  await expectAbsent(join(repository, name));
  await using files = new StagedFiles(repository);
  const network = `${name}/1/model.onnx`;
  await files.write(network, [served.bytes], { size: served.bytes.length, signal });
  let bytes = served.bytes.length;
  for (const [own, data] of [...folder.networkFiles].slice(1)) {
    const { size } = await Deno.stat(data);
    using source = await Deno.open(data);
    await files.write(`${name}/1/${own.slice(part.length + 1)}`, source.readable, { size, signal });
    bytes += size;
  }
  // Triton loads a folder that has a configuration.
  const config = new TextEncoder().encode(tritonConfig({ ...served, sha256 }));
  await files.write(`${name}/config.pbtxt`, [config], { size: config.length, signal });
  await files.commit();
  return { name, edits: served.edits, bytes };
}

async function denoiserPart(path: string, fp16: boolean): Promise<string> {
  const folder = await ModelFolder.open(path, { networks: [], fp16 });
  for (const part of DENOISERS) if (await folder.hasNetwork(part)) return part;
  return DENOISERS[1]; // its absence is reported with what the folder holds
}

async function digests(folder: ModelFolder, signal: AbortSignal): Promise<Record<string, Digest>> {
  const found: Record<string, Digest> = {};
  for (const [name, path] of folder.networkFiles) found[name] = await digestFile(path, signal);
  return found;
}

/** The network with a timestep per row, and conditions once each where rows share them. */
async function servedNetwork(file: string) {
  const model = readOnnx(await Deno.readFile(file), { file });
  const inputs = model.graph.inputs.map(({ name }) => name);
  const mixing = await batchWideOperators(file, inputs);
  if (mixing.length > 0) {
    throw new ModelError(
      `${file}: ${mixing.join(", ")} uses one scale for all rows of a call, ` +
        "so the rows of a call would depend on each other",
      { hint: "serve a network that is not dynamically quantised" },
    );
  }
  const patched = perRowTimesteps(await Deno.readFile(file), { file });
  const perRow = patched.edits.length > 0 ? readOnnx(patched.bytes, { file }) : model;
  const repeated = perRow.graph.inputs.find(({ name }) => name === REPEATED);
  if (!repeated) return { ...declared(file, perRow), ...patched };
  const bytes = withUniqueRows(patched.bytes, perRow, repeated);
  const edits = [...patched.edits, `${REPEATED}: unique rows and an index`];
  return { ...declared(file, readOnnx(bytes, { file })), batched: false, bytes, edits };
}

function declared(file: string, model: OnnxModel) {
  return {
    inputs: model.graph.inputs.map((input) => tritonTensor(file, input)),
    outputs: model.graph.outputs.map((output) => tritonTensor(file, output)),
    batched: frozenBatch(model) === undefined,
  };
}

/** Letters, digits and `_`. */
function slug(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]+/g, "_").replace(/^_+|_+$/g, "") || "model";
}

async function expectAbsent(path: string): Promise<void> {
  const present = await Deno.lstat(path).then(() => true, () => false);
  if (!present) return;
  throw new UsageError(
    (name) => `${name("outputPath")} ${resolve(path, "..")} has ${basename(path)} already`,
    { hint: "the name holds the network's hash: there is nothing to do" },
  );
}
