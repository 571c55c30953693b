/**
 * The weights of TQN's prediction. With all differences and factors multiplied out, x_t is a
 * weighted sum of rows, so the sweep reads each row once and needs no row for D.
 *
 * | letter | here |
 * |---|---|
 * | the last evaluations (X_0, E_0), (X_1, E_1), (X_2, E_2) of step t | weighted rows |
 * | dd = x_(t+1) − X_0, a_j = X_(j−1) − X_j, y_j = E_(j−1) − E_j | multiplied out |
 * | e = E_0 + (β/s) dd + Σ g_j (y_j − (β/s) a_j) + Σ h_j a_j | multiplied out |
 * | secant: x_t = c x_(t+1) + d e | `predictionWeights` |
 * | jump: x_t = c x_(t+1) + d (x_(t+1) − q D)/s | `jumpWeights` |
 * | D = (x_(t+2) − s e)/q, e = (x_(t+1) − n ξ − c x_(t+2))/d, of step t+1 | weighted by `clean` |
 * | x_t = θ secant + (1−θ) jump | `predictionWeights` |
 * @module
 */

/** Coefficients of one step; s is `sigma` and q is `clean` of the schedule. */
export type Factors = Record<"c" | "d" | "n" | "s" | "q", number>;

/** Weights of x_(t+1), x_(t+2) and ξ_(t+1). */
export type JumpWeights = Record<"input" | "inputAbove" | "noiseAbove", number>;

/**
 * Weights of x_t for a frozen x_0-prediction: that of step t+1, which has the factors `stepAbove`,
 * or 0 if there is no step t+1.
 */
export function jumpWeights({ c, d, s, q }: Factors, stepAbove: Factors | undefined): JumpWeights {
  const input = c + d / s;
  if (!stepAbove) return { input, inputAbove: 0, noiseAbove: 0 };
  const clean = -d * q / s; // weight of D
  const inClean = -clean * stepAbove.s / (stepAbove.d * stepAbove.q); // of x_(t+1) − n ξ within D
  return {
    input: input + inClean,
    inputAbove: clean / stepAbove.q - inClean * stepAbove.c,
    noiseAbove: -inClean * stepAbove.n,
  };
}

/** Coefficients by which ε is predicted. */
export interface Prediction {
  /** β/s. */
  slope: number;
  /** g: coefficients of the secant pairs. */
  pairs: readonly [number, number];
  /** h: coefficients that a symmetric derivative adds to the pairs' moves; else zeros. */
  symmetric: readonly [number, number];
  /** θ. */
  trust: number;
}

/** Weights of three outputs and three inputs, newest first, then of x_(t+1) and x_(t+2). */
export function predictionWeights(
  { slope, pairs: [g1, g2], symmetric: [h1, h2], trust }: Prediction,
  { c, d }: Pick<Factors, "c" | "d">,
  jump: JumpWeights,
): Float64Array {
  const e = trust * d, a1 = h1 - slope * g1, a2 = h2 - slope * g2;
  return Float64Array.of(
    ...[e * (1 + g1), e * (g2 - g1), -e * g2],
    ...[e * (a1 - slope), e * (a2 - a1), -e * a2],
    trust * (c + d * slope) + (1 - trust) * jump.input,
    (1 - trust) * jump.inputAbove,
  );
}
