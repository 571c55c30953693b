/** Opens networks, with one timestep per row if necessary. @module */
import { ModelError } from "../../errors.ts";
import { DevicePool, type DevicePoolOptions } from "../../devices/device_pool.ts";
import { areServed } from "../../devices/remote/remote_device.ts";
import { isLocal } from "../../devices/device.ts";
import type { Environment } from "../../runtime/environment.ts";
import { readOnnx } from "../../formats/onnx/onnx.ts";
import type { TensorMetadata } from "../../runtime/model_metadata.ts";
import { type ConstantInput, withConstants } from "./constant_inputs.ts";
import { withDataFolder } from "./linked_data.ts";
import { sharedTimestep, sharedTimestepError } from "./network_contract.ts";

/** Key of ONNX Runtime for the data folder of a model that is passed as bytes. */
const EXTERNAL_DATA_FOLDER = "session.model_external_initializers_file_folder_path";

/** Patches a network with one timestep for the whole batch to take one per row. */
export type PatchTimestep = (
  bytes: Uint8Array,
  file: string,
) => { bytes: Uint8Array; edits: readonly string[] };

/** Options of {@link openNetwork}. */
export interface OpenOptions extends DevicePoolOptions {
  /** Path of the network; need not exist if all devices are models on servers. */
  file: string;
  /** Patches a shared timestep; by default such a network is not changed. */
  patchTimestep?: PatchTimestep;
  /** Values of inputs without a batch, which become constants of the network in memory. */
  constants?: readonly ConstantInput[];
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
  { file, patchTimestep, constants, ...options }: OpenOptions,
): Promise<{ pool: DevicePool; notes: string[] }> {
  if (constants) {
    return await openWithConstants(env, { file, patchTimestep, constants, ...options });
  }
  const { devices = [] } = options;
  // A server only receives a network that is already patched.
  const isMixed = !areServed(options) && !devices.every(isLocal);
  const pool = await DevicePool.open(env, file, isMixed ? onlyLocal(options) : options);
  const shared = areServed(options) ? undefined : sharedTimestep(pool.inputs);
  const isDone = !patchTimestep || !shared;
  if (isDone && !isMixed) return { pool, notes: [] };
  await pool.close();
  if (isDone) return { pool: await DevicePool.open(env, file, options), notes: [] };
  const patched = patch(await Deno.readFile(file), { file, shared, patchTimestep });
  return {
    pool: await openBytes(env, patched.bytes, { file, ...options }),
    notes: [patchedNote(file, patched.edits)],
  };
}

/** Edits the network before it is opened for the first time: such networks are the largest. */
async function openWithConstants(
  env: Environment,
  { file, patchTimestep, constants = [], ...options }: OpenOptions,
): Promise<{ pool: DevicePool; notes: string[] }> {
  if (options.devices?.some((device) => !isLocal(device))) {
    throw new ModelError(
      `${file} has ${constants.map(({ name }) => name).join(" and ")} as inputs, which become ` +
        "constants on this machine only, wanted local devices",
    );
  }
  const fixed = withConstants(await Deno.readFile(file), constants, file);
  const { inputs } = readOnnx(fixed, { file }).graph;
  const shared = sharedTimestep(
    inputs.map(({ name, dims = [] }) => ({ name, shape: dims.map((dim) => dim ?? "?") })),
  );
  if (!patchTimestep || !shared) {
    return { pool: await openBytes(env, fixed, { file, ...options }), notes: [] };
  }
  const { bytes, edits } = patch(fixed, { file, shared, patchTimestep });
  const pool = await openBytes(env, bytes, { file, ...options });
  return { pool, notes: [patchedNote(file, edits)] };
}

function patchedNote(file: string, edits: readonly string[]): string {
  return `${file}: patched in memory to take one timestep per row (${edits.join("; ")})`;
}

/** Opens edited bytes; external data stay beside the file. */
async function openBytes(
  env: Environment,
  edited: Uint8Array,
  { file, ...options }: OpenOptions,
): Promise<DevicePool> {
  const { bytes, folder } = await withDataFolder(file, edited);
  const configEntries = { ...options.session?.configEntries, [EXTERNAL_DATA_FOLDER]: folder };
  return await DevicePool.open(env, bytes, {
    ...options,
    session: { ...options.session, configEntries },
  });
}

/** The first device that opens the file: one of this machine, or the fallback. */
function onlyLocal(options: DevicePoolOptions): DevicePoolOptions {
  const local = options.devices?.find(isLocal) ?? { provider: "cpu", id: 0 };
  return { ...options, devices: [local] };
}

function patch(
  bytes: Uint8Array,
  { file, shared, patchTimestep }: {
    file: string;
    shared: Pick<TensorMetadata, "shape">;
    patchTimestep: PatchTimestep;
  },
): ReturnType<PatchTimestep> {
  try {
    return patchTimestep(bytes, file);
  } catch (cause) {
    throw cause instanceof ModelError ? sharedTimestepError(file, shared, cause) : cause;
  }
}
