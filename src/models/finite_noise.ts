/**
 * Retries rows whose noise is NaN or infinite, so that one faulty call of a device does not end a
 * run.
 * @module
 */
import { NumericalError } from "../errors.ts";
import { countNonFinite } from "../sampling/arguments.ts";
import type { Denoiser } from "../sampling/denoiser.ts";

/** A denoiser that knows which device evaluated each step and can use another one. */
export interface DeviceAware extends Denoiser {
  /** Like `predictNoise`, on another device than before if there is one. */
  predictAgain: Denoiser["predictNoise"];
  /** Device that evaluated step t last. */
  deviceOf(t: number): string | undefined;
  /** Records in the device's report that the noise of step t was not finite. */
  noteNonFinite(t: number, message: string): void;
}

/**
 * Wraps a denoiser so that each row with a non-finite value is evaluated again, alone and on
 * another device if there is one. If the result is still not finite, the wrapper throws an error
 * that names the devices. If the devices are unknown, the sampler reports round and step.
 */
export function retryNonFinite(denoiser: Denoiser | DeviceAware): Denoiser {
  const { rowSize, schedule } = denoiser;
  let round = 0; // one call is one round; calls answered by a log do not get here
  return {
    ...{ rowSize, schedule },
    async predictNoise(latents, steps, out, signal) {
      round++;
      await denoiser.predictNoise(latents, steps, out, signal);
      for (let row = 0; row < steps.length; row++) {
        const [from, to] = [row * rowSize, (row + 1) * rowSize];
        const again = out.subarray(from, to);
        const bad = countNonFinite(again);
        if (bad === 0) continue;
        const step = steps.subarray(row, row + 1);
        const first = noteDevice(denoiser, bad, steps[row]);
        const evaluate = "predictAgain" in denoiser ? "predictAgain" : "predictNoise";
        await (denoiser as DeviceAware)[evaluate](latents.subarray(from, to), step, again, signal);
        const badAgain = countNonFinite(again);
        if (badAgain === 0 || first === undefined) continue;
        const second = noteDevice(denoiser, badAgain, steps[row]);
        throw new NumericalError(
          `the network's noise of step ${
            steps[row]
          } in round ${round} has ${badAgain} of ${rowSize} ` +
            `values that are not finite, from ${first} and again from ${second}`,
          { hint: "half precision may overflow: try the float32 files of the network" },
        );
      }
    },
  };
}

/** Records the fault. @returns the device that evaluated the step */
function noteDevice(
  denoiser: Denoiser | DeviceAware,
  bad: number,
  t: number,
): string | undefined {
  if (!("deviceOf" in denoiser)) return undefined;
  denoiser.noteNonFinite(t, `${bad} values of step ${t} were not finite`);
  return denoiser.deviceOf(t);
}
