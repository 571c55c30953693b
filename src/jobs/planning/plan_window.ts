/** Chooses the window and batch size with the least expected wall time. @module */
import { type BatchTime, bestCall } from "./batch_times.ts";
import { expectedRounds, type RoundsOptions } from "./expected_rounds.ts";

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
const MIN_GAIN = 0.1;

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
  /** If no window is worthwhile: the fewest devices of the same kind with which one would be. */
  withDevices?: {
    /** Multiple of the present number. */
    devices: number;
    /** The best window with them. */
    plan: WindowPlan;
  };
}

/** What a plan is for. */
export interface PlanOptions extends Omit<RoundsOptions, "window"> {
  /** The solver's own time for a step of a round, in seconds; 0 by default. */
  ownSeconds?: number;
}

/**
 * Estimates the time of every window: the expected rounds times the measured time of a call and the
 * solver's own time.
 */
export function planWindow(times: readonly BatchTime[], options: PlanOptions): Plan {
  const windows = windowPlans(times, options);
  const [sequential] = windows;
  const least = windows.reduce((a, b) => b.seconds < a.seconds ? b : a);
  const best = isWorthwhile(least, sequential) ? least : sequential;
  if (best !== sequential) return { times, windows, best, sequential };
  return { times, windows, best, sequential, withDevices: withMoreDevices(times, options) };
}

function windowPlans(times: readonly BatchTime[], options: PlanOptions): WindowPlan[] {
  const { numSteps, ownSeconds = 0 } = options;
  return candidates(numSteps).map((window) => {
    const { rounds, nfe } = expectedRounds({ ...options, window });
    const { seconds, part } = bestCall(times, nfe / rounds);
    // Keep full rounds in one call if that is fastest, even if the mean round is best split.
    const wanted = part < nfe / rounds ? part : bestCall(times, window).part;
    const own = window === 1 ? 0 : nfe * ownSeconds;
    return { window, rounds, nfe, seconds: rounds * seconds + own, part: wanted };
  });
}

function isWorthwhile({ seconds }: WindowPlan, sequential: WindowPlan): boolean {
  return seconds < (1 - MIN_GAIN) * sequential.seconds;
}

/** Multiples of the devices that are considered. */
const MORE_DEVICES = [2, 4, 8, 16];

/**
 * The plan for the smallest multiple of the devices on which a window is worthwhile; `undefined` if
 * there is none. Devices share the steps of a call evenly.
 */
function withMoreDevices(
  times: readonly BatchTime[],
  options: PlanOptions,
): Plan["withDevices"] {
  for (const devices of MORE_DEVICES) {
    const shared = times.map(({ steps, seconds }) => ({ steps: steps * devices, seconds }));
    const [sequential, ...windows] = windowPlans(shared, options);
    const plan = windows.reduce((a, b) => b.seconds < a.seconds ? b : a, sequential);
    if (isWorthwhile(plan, sequential)) return { devices, plan };
  }
  return undefined;
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
export function planLines(plan: Plan): string[] {
  const { best, sequential } = plan;
  if (best === sequential) return sequentialLines(plan);
  return [
    `auto window: ${best.window} steps, at most ${best.part} in a call; ${seconds(best)} in ${
      best.rounds.toFixed(0)
    } rounds expected per sample, ${seconds(sequential)} sequentially`,
  ];
}

function sequentialLines({ best, windows, withDevices }: Plan): string[] {
  const line = `auto window: 1 step, ${seconds(best)} expected per sample`;
  if (windows.length === 1) return [line];
  const next = windows.slice(1).reduce((a, b) => b.seconds < a.seconds ? b : a);
  const change = withDevices
    ? `${withDevices.devices} times as many devices would change that: window ` +
      `${withDevices.plan.window}, ${seconds(withDevices.plan)}`
    : "a device that evaluates several steps in the time of one would change that";
  return [
    line,
    "sequential sampling is faster here, parallel sampling must save at least a tenth: " +
    `the next best window, ${next.window}, would take ${seconds(next)} in ${
      next.rounds.toFixed(0)
    } rounds; window 1 is sequential sampling`,
    change,
  ];
}

function seconds(plan: WindowPlan): string {
  return `${plan.seconds.toPrecision(2)} s`;
}
