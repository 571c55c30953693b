/** Identifies the chain that a trajectory belongs to. @module */
import type { Manifest } from "../../runs/manifest.ts";
import type { Schedule } from "../../sampling/schedules/schedule.ts";
import { digestOf, networkDigest } from "../../models/networks/network_digest.ts";
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
  /** Models on servers, which identify a denoiser that has no file here. */
  served: NonNullable<Manifest["served"]>;
  eta: number;
}

/** The identity of a run's trajectories. */
export function trajectoryIdentity(
  { schedule, eta, ...denoiser }: Identifying,
): TrajectoryIdentity {
  return {
    timesteps: JSON.stringify([...schedule.timesteps]),
    eta: String(eta),
    model_sha256: denoiserDigest(denoiser),
    levels_sha256: digestBytes(new Uint8Array(schedule.alphasCumprod.buffer)).sha256,
  };
}

/** One hash over the denoiser network and its external data, or over what its servers answer. */
export function denoiserDigest(
  { files, denoiserPart, served }: Pick<Identifying, "files" | "denoiserPart" | "served">,
): string {
  const probes = [...new Set(served.map(({ probe }) => probe))].sort();
  return networkDigest(files, denoiserPart) ?? digestOf(probes);
}
