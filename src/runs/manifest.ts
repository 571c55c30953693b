/**
 * `manifest.json`: arguments, setup and outputs of a run. It is written at the start (`running`)
 * and again as the last file (`complete`, `failed`, `interrupted`). Only files that a complete
 * manifest lists with a matching hash are outputs.
 * @module
 */
import type { DeviceReport, ServedNetwork } from "../models/networks/conditional_network.ts";
import type { Digest } from "../storage/hash.ts";
import type { Host } from "./host.ts";

/** State of a run. */
export type RunStatus = "running" | "complete" | "failed" | "interrupted";

/** Record of a finished sample. */
export interface SampleRecord {
  /** From 0. */
  index: number;
  /** Class or prompt, as the user would write it. */
  condition: Record<string, string | number>;
  /** Seed of the noise; absent if the noise came from a file. */
  seed?: number;
  /** Steps of sequential sampling: all, or the last ones for a warm start. */
  steps: number;
  /** Rounds of evaluations. */
  rounds: number;
  /** Guided network calls, one per step. */
  nfe: number;
  /** Whether the chain was solved. */
  converged: boolean;
  /**
   * Whether the sample is as near to the sequential one as the tolerance suggests, as far as the
   * solver can tell; absent in manifests of older versions.
   */
  trusted?: boolean;
  /** Why a solved sample is not trusted. */
  doubt?: string;
  /** Finished index after every round; empty for sequential sampling. */
  finishedIndex: number[];
  /** Largest residual (RMS) of the unfinished steps in every round. */
  residual: number[];
  /**
   * Wall time of sampling, and the part of it spent inside the network. Depends on the machine, not
   * part of the result.
   */
  seconds: { sampling: number; network: number; decoding: number };
  /** Warm start compared with the same prompt from scratch; distances are relative RMS. */
  comparison?: {
    scratch: { rounds: number; nfe: number };
    distance: {
      warm_to_sequential: number;
      scratch_to_sequential: number;
      warm_to_own_chain: number;
    };
  };
}

/** Label of a sample: its class or prompt; empty if the record has neither. */
export function conditionName({ condition }: Pick<SampleRecord, "condition">): string {
  return String(condition.class_name ?? condition.prompt ?? "");
}

/** Content of the file. The order of keys is significant. */
export interface Manifest {
  /** Name of the format. */
  format: "parataa-manifest";
  /** Version of the format. */
  version: 1;
  /** State of the run. */
  status: RunStatus;
  /** The script of the run: `parallel_dit`. */
  script: string;
  /**
   * Value of every flag by its official name, defaults included; `null` if unset or not used by the
   * method. Session flags such as `--quiet` are omitted.
   */
  arguments: Record<string, string | number | boolean | null>;
  /** `solver` is absent in manifests of older versions. */
  versions: { parataa: string; solver?: number; deno: string; onnxruntime: string };
  /** Execution provider, as `--provider` names it. */
  provider: string;
  /** Device name, if the provider has devices. */
  device?: string;
  /** Precision of the device's arithmetic on float32 networks, in words. */
  precision?: string;
  /** Absent in manifests of older versions. */
  host?: Host;
  /** Statistics and faults of every device; absent in manifests of older versions. */
  devices?: readonly DeviceReport[];
  /** Models on servers that evaluated the denoiser; absent if only this machine did. */
  served?: readonly ServedNetwork[];
  /** The digest is absent if the library was found by its name alone. */
  library: { path: string } & Partial<Digest>;
  /** Files of the model, by their names in its folder. */
  model: {
    path: string;
    name: string;
    /** Networks and their external data, by their names in the folder. */
    files: Record<string, Digest>;
    /**
     * Configuration and tokenizer files that were read; `null` for a file that does not exist.
     * Absent in manifests of older versions.
     */
    configs?: Record<string, Digest | null>;
  };
  /** Files named by flags that affect the result, by flag; absent if there are none. */
  inputs?: Record<string, Digest>;
  /** When the run started, ISO 8601 in UTC. */
  started: string;
  /** Times of resuming, with the flags given then; absent if the run was never resumed. */
  resumed?: { at: string; arguments: Manifest["arguments"] }[];
  /** Requested number of samples; absent in manifests of older versions. */
  samplesWanted?: number;
  /** Finished samples. */
  samples: SampleRecord[];
  /** Every file of the run except this one, by path inside the run folder. */
  outputs: Record<string, Digest>;
  /** Error of a run that is not complete. */
  error?: { code: string; message: string };
}

/** Content of the file as bytes. */
export function encodeManifest(manifest: Manifest): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(manifest, null, 2) + "\n");
}
