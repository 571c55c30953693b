/** Opens a network as it can be used: with a timestep for every row. @module */
import { dirname } from "node:path";
import { ModelError } from "../errors.ts";
import type { Environment } from "../runtime/environment.ts";
import { InferenceSession } from "../runtime/inference_session.ts";
import type { TensorMetadata } from "../runtime/model_metadata.ts";
import type { SessionOptions } from "../runtime/session_options.ts";
import { sharedTimestep, sharedTimestepError } from "./network_contract.ts";

/** ONNX Runtime's name for the folder of a model that is handed over as bytes. */
const EXTERNAL_DATA_FOLDER = "session.model_external_initializers_file_folder_path";

/** Gives a network with one timestep for the whole batch a timestep per row. */
export type MendTimestep = (
  bytes: Uint8Array,
  file: string,
) => { bytes: Uint8Array; edits: readonly string[] };

/** How to open a network. */
export interface OpenOptions {
  /** Path of the network. */
  file: string;
  /** Provider, threads and the like. */
  session?: SessionOptions;
  /** Without it a network with one timestep for the whole batch stays as it is. */
  mendTimestep?: MendTimestep;
}

/** Opens the network, mended in memory where it takes one timestep for all rows; its external data stay where they are. */
export async function openNetwork(
  env: Environment,
  { file, session: options, mendTimestep }: OpenOptions,
): Promise<{ session: InferenceSession; notes: string[] }> {
  const session = await InferenceSession.create(env, file, options);
  const shared = sharedTimestep(session.inputs);
  if (!mendTimestep || !shared) return { session, notes: [] };
  await session.close();
  const { bytes, edits } = await mend(file, shared, mendTimestep);
  const configEntries = { ...options?.configEntries, [EXTERNAL_DATA_FOLDER]: dirname(file) };
  return {
    session: await InferenceSession.create(env, bytes, { ...options, configEntries }),
    notes: [`${file}: given a timestep per row in memory (${edits.join("; ")})`],
  };
}

async function mend(
  file: string,
  timestep: TensorMetadata,
  mendTimestep: MendTimestep,
): Promise<ReturnType<MendTimestep>> {
  const bytes = await Deno.readFile(file);
  try {
    return mendTimestep(bytes, file);
  } catch (cause) {
    throw cause instanceof ModelError ? sharedTimestepError(file, timestep, cause) : cause;
  }
}
