/** Identifies the chain that a trajectory belongs to. @module */
import type { Manifest } from "../../runs/manifest.ts";
import type { Schedule } from "../../sampling/schedules/schedule.ts";
import { digestBytes } from "../../storage/hash.ts";

/** Values that must be equal in a run that starts from a trajectory. */
export interface TrajectoryIdentity extends Record<string, string> {
  timesteps: string;
  eta: string;
  model_sha256: string;
  levels_sha256: string;
}

/** Inputs of a trajectory identity. */
export interface Identifying {
  schedule: Schedule;
  /** Hashes of the networks in use. */
  files: Manifest["model"]["files"];
  /** Folder of the denoiser network inside the model. */
  denoiserPart: string;
  eta: number;
}

/** The identity of a run's trajectories. */
export function trajectoryIdentity(
  { schedule, files, denoiserPart, eta }: Identifying,
): TrajectoryIdentity {
  return {
    timesteps: JSON.stringify([...schedule.timesteps]),
    eta: String(eta),
    model_sha256: denoiserDigest(files, denoiserPart),
    levels_sha256: digestBytes(new Uint8Array(schedule.alphasCumprod.buffer)).sha256,
  };
}

/** One hash over the denoiser network and its external data. */
function denoiserDigest(files: Manifest["model"]["files"], part: string): string {
  const own = Object.entries(files).filter(([name]) => name.startsWith(`${part}/`));
  return digestBytes(new TextEncoder().encode(own.map(([, { sha256 }]) => sha256).join())).sha256;
}
