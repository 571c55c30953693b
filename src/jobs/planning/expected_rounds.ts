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
 * Mean rounds and mean evaluations of three chains each on models/dit-emoji and models/sd-emoji, by
 * T and window, at guidance 4 and the default tolerances. `scripts/bench/windows.ts` prints this
 * table. TQN re-checks some of these chains or solves them again. Rounds depend on the model: at T
 * 50, eta 0 and window T, TQN takes 12.7 rounds on the DiT and 9.4 on Stable Diffusion.
 */
const MEASURED: Record<
  Method,
  Record<0 | 1, Record<Steps, readonly [rounds: readonly number[], nfe: readonly number[]]>>
> = {
  tqn: {
    0: {
      25: [[20.8, 14.8, 11.3, 9.8, 9.8], [41, 54, 69, 87, 95]],
      50: [[36.2, 23.8, 15.8, 12.8, 12.5, 11], [71, 90, 108, 142, 208, 213]],
      100: [[37.8, 24, 16.3, 15, 11.7, 11.3], [146, 180, 215, 318, 344, 419]],
    },
    1: {
      25: [[23.2, 17.3, 15, 13, 12], [45, 63, 91, 117, 117]],
      50: [[41.3, 28.2, 20.3, 17.8, 13.2, 15], [81, 107, 141, 197, 215, 297]],
      100: [[48, 31.3, 22.2, 18.8, 17.7, 13.8], [185, 234, 293, 411, 561, 493]],
    },
  },
  parataa: {
    0: {
      25: [[25, 20.3, 16.3, 14.7, 14.3], [49, 76, 108, 158, 191]],
      50: [[50, 33.3, 23.3, 18.5, 17.5, 17.8], [99, 128, 165, 231, 348, 425]],
      100: [[57.5, 35.7, 23.8, 19.7, 18.7, 19], [225, 266, 321, 451, 688, 841]],
    },
    1: {
      25: [[25, 23.5, 22.2, 21.3, 21.3], [49, 89, 152, 244, 289]],
      50: [[50, 41.8, 32, 28.7, 26.8, 26.8], [99, 162, 232, 366, 570, 698]],
      100: [[74.3, 49.2, 38.2, 33.2, 31.7, 31.8], [292, 370, 522, 802, 1238, 1511]],
    },
  },
  fixed_point: {
    0: {
      25: [[25, 20.3, 18.5, 18.5, 18.5], [49, 75, 125, 206, 246]],
      50: [[50, 33.7, 25, 25.5, 25.5, 25.5], [99, 129, 179, 324, 525, 623]],
      100: [[57.8, 35.3, 27.2, 28.7, 29, 29], [226, 263, 366, 680, 1098, 1300]],
    },
    1: {
      25: [[25, 23.7, 23.3, 23.3, 23.3], [49, 89, 160, 264, 309]],
      50: [[50, 40, 35.2, 35.3, 35.3, 35.3], [99, 154, 256, 466, 764, 908]],
      100: [[71.3, 51.3, 48.2, 48.3, 48.3, 48.3], [280, 386, 673, 1216, 1974, 2329]],
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
