/** Identifies the chain that a trajectory belongs to. @module */
import type { Manifest } from "../../runs/manifest.ts";
import type { ModelSchedule } from "../../models/schedulers/model_schedule.ts";
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
  schedule: ModelSchedule;
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
    levels_sha256: digestBytes(levelBytes(schedule)).sha256,
  };
}

/** Bytes that differ between chains; ᾱ is sufficient for chains of DDIM and of flows. */
function levelBytes(schedule: ModelSchedule): Uint8Array {
  const { steps, clip, alphasCumprod, signal, sigma, c, d, n } = schedule;
  const plain = steps === "ddim" || steps === "flow_euler";
  if (plain && !clip) return new Uint8Array(alphasCumprod.buffer);
  const numbers = [alphasCumprod, signal, sigma, c, d, n].flatMap((values) => [...values]);
  const clipping = clip ? [JSON.stringify(clip)] : [];
  return new TextEncoder().encode([steps, ...clipping, ...numbers].join());
}

/** One hash over the denoiser network and its external data, or over what its servers answer. */
export function denoiserDigest(
  { files, denoiserPart, served }: Pick<Identifying, "files" | "denoiserPart" | "served">,
): string {
  const probes = [...new Set(served.map(({ probe }) => probe))].sort();
  return networkDigest(files, denoiserPart) ?? digestOf(probes);
}
