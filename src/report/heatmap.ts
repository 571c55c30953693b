/** Draws the residual of every step in every round as colours. @module */
import type { Image } from "../images/image.ts";
import type { RoundRow } from "../runs/rounds_file.ts";

/** Range of residuals covered by the colour scale; values outside are clamped. */
export const HEAT_RANGE = { low: 1e-5, high: 1 } as const;

/**
 * Dark blue, violet, red, orange, pale yellow: even steps of lightness, distinguishable by
 * colour-blind people and in greyscale.
 */
const STOPS: readonly (readonly [number, number, number])[] = [
  [13, 8, 88],
  [106, 0, 140],
  [190, 50, 96],
  [243, 132, 48],
  [250, 235, 160],
];
/** Colours of a step that the round did not evaluate, and of one that was finished before. */
const UNSEEN = [128, 128, 128] as const, FINISHED = [176, 176, 176] as const;

/** Colour of a residual on a logarithmic scale. */
export function heatColour(residual: number): readonly [number, number, number] {
  const { low, high } = HEAT_RANGE;
  const share = (Math.log(residual) - Math.log(low)) / (Math.log(high) - Math.log(low));
  const at = Math.min(Math.max(share, 0), 1) * (STOPS.length - 1);
  const index = Math.min(Math.floor(at), STOPS.length - 2);
  const mix = (c: number) =>
    Math.round(STOPS[index][c] + (STOPS[index + 1][c] - STOPS[index][c]) * (at - index));
  return [mix(0), mix(1), mix(2)];
}

/**
 * Draws one pixel per step (0 on the left) and round (the first on top).
 *
 * @param rounds must not be empty
 */
export function heatmap(rounds: readonly RoundRow[], numSteps: number): Image {
  const data = new Uint8Array(3 * numSteps * rounds.length);
  rounds.forEach(({ windowStart, windowEnd, residuals }, y) => {
    for (let t = 0; t < numSteps; t++) {
      const inside = t >= windowStart && t < windowEnd;
      const residual = inside ? residuals[t - windowStart] : NaN;
      const outside = t >= windowEnd ? FINISHED : UNSEEN;
      const colour = Number.isNaN(residual) ? outside : heatColour(residual);
      data.set(colour, 3 * (y * numSteps + t));
    }
  });
  return { width: numSteps, height: rounds.length, data };
}
