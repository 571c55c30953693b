/** A second chance for rows that came back as NaN or infinity: one bad call of a device must not end a run. @module */
import { countNonFinite } from "../sampling/arguments.ts";
import type { Denoiser } from "../sampling/denoiser.ts";

/**
 * The same denoiser, each row with a value that is not finite evaluated once more, alone. What is still not finite then is left to
 * the sampler, which names round and step.
 */
export function retryNonFinite(denoiser: Denoiser): Denoiser {
  const { rowSize } = denoiser;
  return {
    rowSize,
    async predictNoise(latents, steps, out, signal) {
      await denoiser.predictNoise(latents, steps, out, signal);
      for (let row = 0; row < steps.length; row++) {
        const [from, to] = [row * rowSize, (row + 1) * rowSize];
        const again = out.subarray(from, to);
        if (countNonFinite(again) === 0) continue;
        await denoiser.predictNoise(
          latents.subarray(from, to),
          steps.subarray(row, row + 1),
          again,
          signal,
        );
      }
    },
  };
}
