/** Estimates how many rounds a window size needs. @module */
import type { Method } from "../../sampling/options.ts";

/** Chain whose rounds are estimated, solved from scratch. */
export interface RoundsOptions {
  method: Method;
  eta: number;
  /** Number of sampling steps T. */
  numSteps: number;
  window: number;
  /** Whether the tolerance is 0, as with the preset `exact`: a round then finishes one step. */
  exact?: boolean;
}

/** Measured window sizes, by T. */
const WINDOWS = {
  25: [2, 4, 8, 16, 25],
  50: [2, 4, 8, 16, 32, 50],
  100: [4, 8, 16, 32, 64, 100],
} as const;
type Steps = keyof typeof WINDOWS;

/**
 * Mean rounds and mean evaluations of three chains on models/dit-emoji, by T and window, at
 * guidance 4 and the default tolerances. `scripts/bench/windows.ts` prints this table. For window T
 * and T >= 40, TQN re-checks some of these chains or solves them again. Rounds depend on the model:
 * at T 50, eta 0 and window T, TQN takes 12.7 rounds here, 9.4 on a miniature Stable Diffusion and
 * 14.7 on another DiT.
 */
const MEASURED: Record<
  Method,
  Record<0 | 1, Record<Steps, readonly [rounds: readonly number[], nfe: readonly number[]]>>
> = {
  tqn: {
    0: {
      25: [[21.3, 15.3, 12, 11, 10.7], [42, 55, 70, 91, 93]],
      50: [[37, 25, 17, 14.7, 13.3, 12.7], [72, 94, 113, 152, 200, 208]],
      100: [[40, 25.7, 17.7, 16.7, 13.3, 13.3], [154, 190, 227, 352, 359, 421]],
    },
    1: {
      25: [[22.7, 18.3, 17.3, 15.3, 13.3], [44, 66, 105, 134, 116]],
      50: [[41.3, 29, 21.3, 20, 14.7, 15.3], [81, 109, 144, 218, 218, 266]],
      100: [[49.7, 33, 24.3, 22.3, 20, 16.7], [189, 240, 308, 471, 549, 488]],
    },
  },
  parataa: {
    0: {
      25: [[25, 21.7, 18, 16, 15.7], [49, 81, 117, 162, 192]],
      50: [[50, 34.7, 25.7, 21, 20, 20.3], [99, 133, 180, 251, 366, 435]],
      100: [[59.7, 37.7, 26.3, 22.3, 21.3, 21.7], [233, 279, 346, 485, 735, 871]],
    },
    1: {
      25: [[25, 24.7, 24.3, 24, 24], [49, 93, 167, 269, 314]],
      50: [[50, 44.3, 35.7, 33.3, 30.7, 30.7], [99, 171, 258, 424, 637, 773]],
      100: [[79.7, 54.3, 45, 39.7, 37, 37.3], [313, 407, 613, 944, 1401, 1698]],
    },
  },
  fixed_point: {
    0: {
      25: [[25, 21.3, 20.3, 20.3, 20.3], [49, 79, 136, 218, 256]],
      50: [[50, 35, 28.3, 29.7, 29.7, 29.7], [99, 134, 201, 370, 577, 667]],
      100: [[60.3, 37.3, 31.3, 33.7, 33.7, 33.7], [235, 275, 416, 777, 1206, 1392]],
    },
    1: {
      25: [[25, 25, 25, 25, 25], [49, 94, 172, 280, 325]],
      50: [[50, 42.3, 39.3, 39.7, 39.7, 39.7], [99, 163, 287, 521, 839, 987]],
      100: [[74.3, 57.3, 56.7, 56.7, 56.7, 56.7], [291, 431, 793, 1414, 2247, 2624]],
    },
  },
};
const STEPS = [25, 50, 100] as const;

/**
 * Expected rounds and evaluations, interpolated over T, eta and the window as a share of T. A
 * window of 1 is sequential sampling. T is clamped to the range of the table.
 */
export function expectedRounds(question: RoundsOptions): { rounds: number; nfe: number } {
  const { numSteps, window, eta, method, exact } = question;
  if (window <= 1) return { rounds: numSteps, nfe: numSteps };
  if (exact) {
    const size = Math.min(window, numSteps);
    return { rounds: numSteps, nfe: size * numSteps - size * (size - 1) / 2 };
  }
  const share = Math.min(window / numSteps, 1);
  const between = position(STEPS, numSteps);
  const at = (noise: 0 | 1) => {
    const [low, high] = [STEPS[between.index], STEPS[between.index + 1]];
    const table = MEASURED[method][noise];
    return mix(
      readTable(low, table[low], share * low),
      readTable(high, table[high], share * high),
      between.fraction,
    );
  };
  const [rounds, nfe] = mix(at(0), at(1), eta);
  const most = Math.min(rounds, numSteps);
  return { rounds: most, nfe: Math.min(Math.max(nfe, numSteps), most * window) };
}

/** Rounds and evaluations at a possibly fractional window. */
function readTable(
  steps: Steps,
  [rounds, nfe]: readonly (readonly number[])[],
  window: number,
): [number, number] {
  const { index, fraction } = position([1, ...WINDOWS[steps]], window);
  const at = (i: number): [number, number] =>
    i === 0 ? [steps, steps] : [rounds[i - 1], nfe[i - 1]];
  return mix(at(index), at(index + 1), fraction);
}

/**
 * Position of `x` between two neighbours of an ascending list, on a logarithmic scale, clamped to
 * the list.
 */
function position(list: readonly number[], x: number): { index: number; fraction: number } {
  const above = list.findIndex((value) => value >= x);
  if (above === 0) return { index: 0, fraction: 0 };
  if (above < 0) return { index: list.length - 2, fraction: 1 };
  const [low, high] = [list[above - 1], list[above]];
  return { index: above - 1, fraction: Math.log(x / low) / Math.log(high / low) };
}

function mix(a: [number, number], b: [number, number], fraction: number): [number, number] {
  return [a[0] + (b[0] - a[0]) * fraction, a[1] + (b[1] - a[1]) * fraction];
}
