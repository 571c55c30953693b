/**
 * What part of sampling time is spent outside the network: the demo's DiT run, solver, conversions and event loop included, images
 * and files not.
 * @module
 */
import { ditScript } from "../../src/jobs/dit_script.ts";
import { runSampling } from "../../src/jobs/sampling_script.ts";
import type { BenchRow } from "./table.ts";

/** Runs the demo's samples in a temporary folder. */
export async function benchShare(): Promise<BenchRow[]> {
  const folder = await Deno.makeTempDir();
  try {
    const args = ["--num_samples=3", "--timesteps=100", "--quiet", "--output_path", folder];
    const run = await silently(() => runSampling(ditScript, args, new AbortController().signal));
    const { seconds, networkSeconds, rounds, nfe } = run!;
    return [{
      group: "the demo's sampling time",
      name: "outside the network",
      value: 100 * (1 - networkSeconds / seconds),
      unit: "%",
      note: `DiT, T 100, window 100, three samples, mean ${rounds.toFixed(1)} rounds, ${
        nfe.toFixed(0)
      } evaluations`,
    }];
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function silently<T>(run: () => Promise<T>): Promise<T> {
  const { log } = console;
  console.log = () => {};
  try {
    return await run();
  } finally {
    console.log = log;
  }
}
