/** Result of a run. @module */
import type { Manifest, SampleRecord } from "../runs/manifest.ts";
import { RunSample } from "../runs/run_sample.ts";

/** Means over the samples of a run. */
export interface RunFigures {
  /** Number of samples. */
  samples: number;
  /** Steps that sequential sampling would take. */
  timesteps: number;
  /** Rounds of evaluations. */
  rounds: number;
  /** Guided network calls, one per step. */
  nfe: number;
  /** Wall time of sampling. */
  seconds: number;
  /** Part of `seconds` spent inside the network. */
  networkSeconds: number;
  /** Samples that `maxRounds` ended before their chain was solved. */
  unconverged: number;
  /** Solved samples that the solver does not trust; their records give the reason. */
  doubtful: number;
}

/** A finished run. Images and trajectories of its samples are read on demand. */
export interface RunResult {
  /** Folder of the run. */
  path: string;
  /** Content of `manifest.json`. */
  manifest: Manifest;
  /** Samples by index. */
  samples: readonly RunSample[];
  /** Means over the samples. */
  figures: RunFigures;
}

/** Result of a complete run. */
export function runResult(path: string, manifest: Manifest): RunResult {
  const samples = manifest.samples.map((record) => new RunSample(path, record));
  return { path, manifest, samples, figures: figuresOf(manifest.samples) };
}

function figuresOf(records: readonly SampleRecord[]): RunFigures {
  const mean = (value: (sample: SampleRecord) => number) =>
    records.reduce((sum, sample) => sum + value(sample), 0) / records.length;
  return {
    samples: records.length,
    timesteps: mean((sample) => sample.steps),
    rounds: mean((sample) => sample.rounds),
    nfe: mean((sample) => sample.nfe),
    seconds: mean((sample) => sample.seconds.sampling),
    networkSeconds: mean((sample) => sample.seconds.network),
    unconverged: records.filter((sample) => !sample.converged).length,
    doubtful: records.filter((sample) => sample.doubt !== undefined).length,
  };
}
