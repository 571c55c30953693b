/** Runs the sampling scripts inside the test's process. @module */
import { join } from "node:path";
import type { Task } from "../../src/arguments/settings.ts";
import { withFlagNames } from "../../src/cli/main.ts";
import { runSampling } from "../../src/cli/commands/sampling_command.ts";
import { readSafetensors } from "../../src/formats/safetensors/safetensors.ts";
import type { Digest } from "../../src/storage/hash.ts";
import type { Manifest } from "../../src/runs/manifest.ts";

/** Arguments that fix the number of threads, or take it from a record. */
const THREADS_FIXED = /^--(threads|resume|args_from)\b/;

/**
 * Runs a sampling script quietly with the given arguments. Returns the run's folder.
 *
 * Runs on one thread unless the arguments or a record name another number: on the small networks
 * of the tests, threads that wait in spin loops cost twice the processor time of all the rest.
 */
export async function runQuietly(
  task: Task,
  args: readonly string[],
  signal: AbortSignal = new AbortController().signal,
): Promise<string> {
  const { log } = console;
  console.log = () => {};
  try {
    const sample = withFlagNames((args, signal) => runSampling(task, args, { signal }));
    const fixed = args.some((arg) => THREADS_FIXED.test(arg)) ? [] : ["--threads=1"];
    return (await sample([...args, ...fixed, "--quiet"], signal))!.path;
  } finally {
    console.log = log;
  }
}

/** Reads the run's manifest. */
export async function readManifest(run: string): Promise<Manifest> {
  return JSON.parse(await Deno.readTextFile(join(run, "manifest.json")));
}

/**
 * Returns the hashes of a run's outputs without `args.txt`, which contains paths and execution
 * flags.
 */
export async function outputsOf(run: string): Promise<Record<string, Digest>> {
  const { "args.txt": _, ...outputs } = (await readManifest(run)).outputs;
  return outputs;
}

/** Returns a manifest without what depends on time and machine. */
export function lasting(manifest: Manifest): unknown {
  const { started: _, resumed: _resumed, devices: _devices, samples, ...rest } = manifest;
  const kept = { ...rest, samples: samples.map(({ seconds: _, ...sample }) => sample) };
  return JSON.parse(JSON.stringify(kept)); // the reader's objects have no prototype
}

/** Reads the tensors and metadata of a sample's trajectory file. */
export async function readSample(run: string, index = 0): Promise<{
  trajectory: Float64Array;
  noise: Float64Array;
  metadata: Map<string, string>;
}> {
  const bytes = await Deno.readFile(join(run, `sample_${index}/trajectory.safetensors`));
  const { tensors, metadata } = readSafetensors(bytes);
  const data = (name: string) => tensors.get(name)!.data as Float64Array;
  return { trajectory: data("trajectory"), noise: data("noise"), metadata };
}
