/**
 * A digest of every bit of two chains. Run as a program it says whether there is WebAssembly.
 * @module
 */
import { createSchedule, type Denoiser, solve, TorchGenerator } from "../../../sampling.ts";
import { digestBytes } from "../../../src/storage/hash.ts";

const SIZE = 8, STEPS = 20;

/** Solves a chain in a small window with noise, and one in a full window without. */
export async function chainDigest(): Promise<string> {
  const digests: string[] = [];
  for (const { eta, windowSize } of [{ eta: 1, windowSize: 6 }, { eta: 0, windowSize: STEPS }]) {
    const schedule = createSchedule({ kind: "dit", numInferenceSteps: STEPS, eta });
    const noise = new TorchGenerator(1).randn((STEPS + 1) * SIZE);
    const { trajectory } = await solve(denoiser, { schedule, noise, windowSize });
    digests.push(digestBytes(new Uint8Array(trajectory.buffer)).sha256);
  }
  return digests.join(" ");
}

/** Arithmetic of one rounding an operation, equal on every machine. */
const denoiser: Denoiser = {
  rowSize: SIZE,
  predictNoise(latents, _steps, out) {
    for (let i = 0; i < out.length; i++) out[i] = latents[i] / (1 + Math.abs(latents[i ^ 1]));
    return Promise.resolve();
  },
};

if (import.meta.main) {
  const code = typeof WebAssembly === "undefined" ? "no WebAssembly" : "WebAssembly";
  console.log(`${code}: ${await chainDigest()}`);
}
