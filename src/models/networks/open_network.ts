/** Opens networks, with one timestep per row if necessary. @module */
import { ModelError } from "../../errors.ts";
import { DevicePool, type DevicePoolOptions } from "../../devices/device_pool.ts";
import { areServed } from "../../devices/remote/remote_device.ts";
import { isLocal } from "../../devices/device.ts";
import type { Environment } from "../../runtime/environment.ts";
import type { TensorMetadata } from "../../runtime/model_metadata.ts";
import { withDataFolder } from "./linked_data.ts";
import { sharedTimestep, sharedTimestepError } from "./network_contract.ts";

/** Key of ONNX Runtime for the data folder of a model that is passed as bytes. */
const EXTERNAL_DATA_FOLDER = "session.model_external_initializers_file_folder_path";

/** Patches a network with one timestep for the whole batch to take one per row. */
export type MendTimestep = (
  bytes: Uint8Array,
  file: string,
) => { bytes: Uint8Array; edits: readonly string[] };

/** Options of {@link openNetwork}. */
export interface OpenOptions extends DevicePoolOptions {
  /** Path of the network; need not exist if all devices are models on servers. */
  file: string;
  /** Patches a shared timestep; by default such a network is not changed. */
  mendTimestep?: MendTimestep;
  /**
   * Sizes to which calls are padded, or `auto` for halves of a device's share; not padded by
   * default.
   */
  buckets?: readonly number[] | "auto";
}

/**
 * Opens the network. If it has one timestep for all rows, it is patched in memory; its external
 * data are not moved.
 */
export async function openNetwork(
  env: Environment,
  { file, mendTimestep, ...options }: OpenOptions,
): Promise<{ pool: DevicePool; notes: string[] }> {
  const { devices = [] } = options;
  // A server only receives a network that is already patched.
  const isMixed = !areServed(options) && !devices.every(isLocal);
  const pool = await DevicePool.open(env, file, isMixed ? onlyLocal(options) : options);
  const shared = areServed(options) ? undefined : sharedTimestep(pool.inputs);
  const isDone = !mendTimestep || !shared;
  if (isDone && !isMixed) return { pool, notes: [] };
  await pool.close();
  if (isDone) return { pool: await DevicePool.open(env, file, options), notes: [] };
  const patched = await patch(file, shared, mendTimestep);
  const { bytes, folder } = await withDataFolder(file, patched.bytes);
  const configEntries = { ...options.session?.configEntries, [EXTERNAL_DATA_FOLDER]: folder };
  return {
    pool: await DevicePool.open(env, bytes, {
      ...options,
      session: { ...options.session, configEntries },
    }),
    notes: [
      `${file}: patched in memory to take one timestep per row (${patched.edits.join("; ")})`,
    ],
  };
}

/** The first device that opens the file: one of this machine, or the fallback. */
function onlyLocal(options: DevicePoolOptions): DevicePoolOptions {
  const local = options.devices?.find(isLocal) ?? { provider: "cpu", id: 0 };
  return { ...options, devices: [local] };
}

async function patch(
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
