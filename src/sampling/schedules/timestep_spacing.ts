/**
 * The training levels that a run of T steps visits, ascending.
 *
 * `leading`, `trailing` and `linspace` are those of Table 2 of Lin et al., "Common diffusion noise
 * schedules and sample steps are flawed", 2024, and equal diffusers' `DDIMScheduler.set_timesteps`;
 * `respaced` is the official DiT code's.
 * @module
 */
import { checkInteger } from "../arguments.ts";

/** Rule that chooses T of the training levels. */
export type TimestepSpacing = "leading" | "trailing" | "linspace" | "respaced";

/** The training levels, and the rule that chooses some of them. */
export interface TrainedLevels {
  numTrainTimesteps: number;
  timestepSpacing: TimestepSpacing;
  /** Level of the last step under `leading` spacing. */
  stepsOffset: number;
}

/** Every {@link TimestepSpacing}. */
export const TIMESTEP_SPACINGS: readonly TimestepSpacing[] = [
  "leading",
  "trailing",
  "linspace",
  "respaced",
];

/** Level of step t of T, of N training levels. */
type Spacing = (t: number, count: number, levels: number) => number;

/** Without `respaced`, which accumulates its stride. */
const SPACINGS: Record<Exclude<TimestepSpacing, "respaced">, Spacing> = {
  leading: (t, count, levels) => t * Math.floor(levels / count),
  trailing: (t, count, levels) => {
    // numpy's arange adds multiples of the difference of its first two values, which rounds
    // differently from N/T.
    const stride = levels - levels / count - levels;
    return roundHalfToEven(levels + (count - 1 - t) * stride) - 1;
  },
  linspace: (t, count, levels) =>
    count === 1 ? 0 : roundHalfToEven(t * ((levels - 1) / (count - 1))),
};

/**
 * Levels of the steps t = 0 … T−1.
 *
 * @throws {RangeError} if T is out of its range or a level exceeds the last one
 */
export function visitedTimesteps(config: TrainedLevels, numSteps: number): Int32Array {
  const { numTrainTimesteps: levels, timestepSpacing: spacing } = config;
  const offset = spacing === "leading" ? config.stepsOffset : 0;
  checkInteger("numInferenceSteps", numSteps, 1, levels - offset);
  if (spacing === "respaced") return respaced(levels, numSteps);
  const timesteps = Int32Array.from(
    { length: numSteps },
    (_, t) => SPACINGS[spacing](t, numSteps, levels) + offset,
  );
  if (timesteps[numSteps - 1] >= levels) {
    throw new RangeError(
      `${numSteps} steps with stepsOffset ${offset} reach training level ` +
        `${timesteps[numSteps - 1]}, wanted below ${levels}`,
    );
  }
  return timesteps;
}

/**
 * The caller's levels, ascending.
 *
 * @throws {RangeError} unless they are `count` descending training levels
 */
export function customTimesteps(
  timesteps: ArrayLike<number>,
  { levels, count }: Record<"levels" | "count", number>,
): Int32Array {
  checkInteger("numInferenceSteps", count, 1, levels);
  if (timesteps.length !== count) {
    throw new RangeError(
      `timesteps has ${timesteps.length} entries, wanted ${count}, one per step`,
    );
  }
  let above = levels;
  const descending = Int32Array.from(timesteps, (level, i) => {
    checkInteger(`timesteps[${i}]`, level, count - 1 - i, above - 1);
    return above = level;
  });
  return descending.reverse();
}

/** Accumulates the stride: multiplying it would round to other levels for hundreds of T. */
function respaced(levels: number, numSteps: number): Int32Array {
  const stride = numSteps > 1 ? (levels - 1) / (numSteps - 1) : 1;
  let position = 0;
  return Int32Array.from({ length: numSteps }, () => {
    const level = roundHalfToEven(position);
    position += stride;
    return level;
  });
}

function roundHalfToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return rest < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}
