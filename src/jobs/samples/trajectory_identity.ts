/** What says which chain a trajectory belongs to. @module */
import type { Manifest } from "../../runs/manifest.ts";
import type { Schedule } from "../../sampling/schedules/schedule.ts";
import { digestBytes } from "../../storage/hash.ts";

/** What must be the same in a run that starts from a trajectory. */
export interface TrajectoryIdentity extends Record<string, string> {
  timesteps: string;
  eta: string;
  model_sha256: string;
  levels_sha256: string;
}

/** What a trajectory is identified by. */
export interface Identifying {
  schedule: Schedule;
  /** Hashes of the networks in use. */
  files: Manifest["model"]["files"];
  /** The part of the folder that predicts the noise. */
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

/** One hash for the network that predicts the noise and all its external data. */
function denoiserDigest(files: Manifest["model"]["files"], part: string): string {
  const own = Object.entries(files).filter(([name]) => name.startsWith(`${part}/`));
  return digestBytes(new TextEncoder().encode(own.map(([, { sha256 }]) => sha256).join())).sha256;
}
