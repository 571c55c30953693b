/** Pools of simulated devices. @module */
import { Environment } from "../../../mod.ts";
import { DevicePool } from "../../../src/devices/device_pool.ts";
import type { RowLayout } from "../../../src/devices/rows/row_memory.ts";
import { setDeviceWorker } from "../../../src/devices/worker_url.ts";

/** Milliseconds of a call. */
export interface Latency {
  fixed: number;
  perRow: number;
  /** Whether it computes something within that time. */
  computes?: boolean;
}

/** Rows of 4×64×64, as Stable Diffusion's at 512×512. */
export const LATENT = [4, 64, 64] as const;
export const ROW = 4 * 64 * 64;

/** A latent and a noise level in, noise out. */
export const LAYOUT: RowLayout = {
  inputs: [
    { name: "latent", type: "float32", rowDims: LATENT },
    { name: "alpha", type: "float32", rowDims: [] },
  ],
  outputs: [{ name: "noise", type: "float32", rowDims: LATENT }],
};

/** Opens a pool of `count` simulated devices. */
export async function simulatedPool(count: number, latency: Latency): Promise<DevicePool> {
  setDeviceWorker(new URL("./simulated_worker.ts", import.meta.url));
  using environment = Environment.open();
  const devices = Array.from({ length: count }, (_, id) => ({ provider: "cuda", id } as const));
  return await DevicePool.open(environment, JSON.stringify(latency), { devices });
}
