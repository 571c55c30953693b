/** Chooses the window and batch size with the least expected wall time. @module */
import { type BatchTime, bestCall } from "./batch_times.ts";
import { expectedRounds, type RoundsQuestion } from "./expected_rounds.ts";

/** Expected cost of a window size. */
export interface WindowPlan {
  /** Steps in the window. */
  window: number;
  /** Expected rounds per sample. */
  rounds: number;
  /** Evaluated steps. */
  nfe: number;
  /** Expected seconds per sample. */
  seconds: number;
  /** Maximum steps per call. */
  part: number;
}

/** The expected rounds come from another model and timings vary: a smaller gain may be a loss. */
const LEAST_GAIN = 0.1;

/** All considered windows in ascending order, and the best one. */
export interface Plan {
  /** Measured call times. */
  times: readonly BatchTime[];
  /** Ascending. */
  windows: readonly WindowPlan[];
  /** The window with the least time. */
  best: WindowPlan;
  /** Window 1, which is sequential sampling. */
  sequential: WindowPlan;
}

/** Estimates the time of every window from the measured calls and the expected rounds. */
export function planWindow(
  times: readonly BatchTime[],
  question: Omit<RoundsQuestion, "window">,
): Plan {
  const windows = candidates(question.numSteps).map((window) => {
    const { rounds, nfe } = expectedRounds({ ...question, window });
    const { seconds, part } = bestCall(times, nfe / rounds);
    // Keep full rounds in one call if that is fastest, even if the mean round is best split.
    const wanted = part < nfe / rounds ? part : bestCall(times, window).part;
    return { window, rounds, nfe, seconds: rounds * seconds, part: wanted };
  });
  const [sequential] = windows;
  const least = windows.reduce((a, b) => b.seconds < a.seconds ? b : a);
  const best = least.seconds < (1 - LEAST_GAIN) * sequential.seconds ? least : sequential;
  return { times, windows, best, sequential };
}

/** 1, 2, 3, 4, 6, 8, 12, …, T. */
function candidates(numSteps: number): number[] {
  const all: number[] = [];
  for (let power = 1; power < numSteps; power *= 2) {
    all.push(power);
    if (power > 1 && 1.5 * power < numSteps) all.push(1.5 * power);
  }
  return [...all, numSteps];
}

/** Lines that report the choice. */
export function planLines({ best, sequential, windows }: Plan): string[] {
  const seconds = (plan: WindowPlan) => `${plan.seconds.toPrecision(2)} s`;
  if (best === sequential) {
    const line = `auto window: 1 step, ${seconds(best)} expected per sample`;
    if (windows.length === 1) return [line];
    const next = windows.slice(1).reduce((a, b) => b.seconds < a.seconds ? b : a);
    return [
      line,
      "parallel sampling is not worthwhile here, it must save at least a tenth: " +
      `the next best window, ${next.window}, would take ${seconds(next)} in ${
        next.rounds.toFixed(0)
      } rounds; window 1 is sequential sampling`,
    ];
  }
  return [
    `auto window: ${best.window} steps, at most ${best.part} in a call; ${seconds(best)} in ${
      best.rounds.toFixed(0)
    } rounds expected per sample, ${seconds(sequential)} sequentially`,
  ];
}
