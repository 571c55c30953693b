/**
 * `manifest.json`: what a run was given, what it ran on, what came out. It is written at the start (`running`) and last of
 * all (`complete`, `failed`, `interrupted`); only what a complete manifest lists with a matching hash is an output.
 * @module
 */
import type { DeviceReport } from "../models/networks/conditional_network.ts";
import type { Digest } from "../storage/hash.ts";
import type { Host } from "./host.ts";

/** How far a run has come. */
export type RunStatus = "running" | "complete" | "failed" | "interrupted";

/** What one sample took and gave. */
export interface SampleRecord {
  /** From 0. */
  index: number;
  /** Class or prompt, as the user would write it. */
  condition: Record<string, string | number>;
  /** Seed of the generator that made the noise; absent when the noise was read from a file. */
  seed?: number;
  /** Steps that sequential sampling would have taken: all, or a warm start's last ones. */
  steps: number;
  /** Rounds of evaluations. */
  rounds: number;
  /** Guided network calls, one per step. */
  nfe: number;
  /** Whether the chain was solved. */
  converged: boolean;
  /** Finished index after every round; empty for sequential sampling. */
  finishedIndex: number[];
  /** Largest residual (RMS) of the unfinished steps in every round. */
  residual: number[];
  /** Wall time of sampling and the part of it spent inside the network; host facts, not part of the result. */
  seconds: { sampling: number; network: number; decoding: number };
  /** A warm start against the same prompt from scratch; distances are relative RMS. */
  comparison?: {
    scratch: { rounds: number; nfe: number };
    distance: {
      warm_to_sequential: number;
      scratch_to_sequential: number;
      warm_to_own_chain: number;
    };
  };
}

/** What a sample shows, for people: its class or its prompt; empty where the record has neither. */
export function conditionName({ condition }: Pick<SampleRecord, "condition">): string {
  return String(condition.class_name ?? condition.prompt ?? "");
}

/** The file's content. Keys keep this order. */
export interface Manifest {
  /** Name of the format. */
  format: "parataa-manifest";
  /** Version of the format. */
  version: 1;
  /** How far the run has come. */
  status: RunStatus;
  /** The script of the run: `parallel_dit`. */
  script: string;
  /**
   * Every flag's value, defaults included, under its official name; `null` where there is none or the run does not use it. Flags of the
   * call alone, such as `--quiet`, are left out.
   */
  arguments: Record<string, string | number | boolean | null>;
  /** `solver` is absent in the records of parataa before it was noted. */
  versions: { parataa: string; solver?: number; deno: string; onnxruntime: string };
  /** `cpu` or `cuda`. */
  provider: string;
  /** The device's name, where the provider has devices. */
  device?: string;
  /** Absent in the records of parataa before it was noted. */
  host?: Host;
  /** What every device did, its faults included; absent in the records of parataa before there were several. */
  devices?: readonly DeviceReport[];
  /** The digest is absent where the system found the library by its name alone. */
  library: { path: string } & Partial<Digest>;
  /** Files of the model, by their names in its folder. */
  model: {
    path: string;
    name: string;
    /** Networks and their external data, by their names in the folder. */
    files: Record<string, Digest>;
    /**
     * Configurations and tokenizer files that were read, `null` for one that was looked for and is absent. The whole key is absent in
     * the records of parataa before they were noted.
     */
    configs?: Record<string, Digest | null>;
  };
  /** Files that flags named and that decide the result, by the flag; absent where there are none. */
  inputs?: Record<string, Digest>;
  /** When the run started, ISO 8601 in UTC. */
  started: string;
  /** When it went on after it had been stopped, and the flags that were then given; absent where it never was. */
  resumed?: { at: string; arguments: Manifest["arguments"] }[];
  /** Samples that the run shall have; absent in the records of parataa before it was noted. */
  samplesWanted?: number;
  /** Finished samples. */
  samples: SampleRecord[];
  /** Every file of the run but this one, by its path inside the run's folder. */
  outputs: Record<string, Digest>;
  /** What ended a run that is not complete. */
  error?: { code: string; message: string };
}

/** Bytes of the file. */
export function encodeManifest(manifest: Manifest): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(manifest, null, 2) + "\n");
}
