/** Opens a network as it can be used: with a timestep for every row. @module */
import { ModelError } from "../../errors.ts";
import { DevicePool, type DevicePoolOptions } from "../../runtime/devices/device_pool.ts";
import type { Environment } from "../../runtime/environment.ts";
import type { TensorMetadata } from "../../runtime/model_metadata.ts";
import { withDataFolder } from "./linked_data.ts";
import { sharedTimestep, sharedTimestepError } from "./network_contract.ts";

/** ONNX Runtime's name for the folder of a model that is handed over as bytes. */
const EXTERNAL_DATA_FOLDER = "session.model_external_initializers_file_folder_path";

/** Gives a network with one timestep for the whole batch a timestep per row. */
export type MendTimestep = (
  bytes: Uint8Array,
  file: string,
) => { bytes: Uint8Array; edits: readonly string[] };

/** How to open a network. */
export interface OpenOptions extends DevicePoolOptions {
  /** Path of the network. */
  file: string;
  /** Without it a network with one timestep for the whole batch stays as it is. */
  mendTimestep?: MendTimestep;
  /**
   * Sizes that calls are padded to, `auto` for halves of a device's share; no padding by default.
   */
  buckets?: readonly number[] | "auto";
}

/**
 * Opens the network, mended in memory where it takes one timestep for all rows; its external data
 * stay where they are.
 */
export async function openNetwork(
  env: Environment,
  { file, mendTimestep, ...options }: OpenOptions,
): Promise<{ pool: DevicePool; notes: string[] }> {
  const pool = await DevicePool.open(env, file, options);
  const shared = sharedTimestep(pool.inputs);
  if (!mendTimestep || !shared) return { pool, notes: [] };
  await pool.close();
  const mended = await mend(file, shared, mendTimestep);
  const { bytes, folder } = await withDataFolder(file, mended.bytes);
  const configEntries = { ...options.session?.configEntries, [EXTERNAL_DATA_FOLDER]: folder };
  return {
    pool: await DevicePool.open(env, bytes, {
      ...options,
      session: { ...options.session, configEntries },
    }),
    notes: [`${file}: given a timestep per row in memory (${mended.edits.join("; ")})`],
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
