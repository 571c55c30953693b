/**
 * Quantiles of the symmetric beta distribution.
 * @module
 */

/** Bisections of [0, 1/2]: enough for any double. */
const HALVINGS = 200;

/**
 * x with I_x(a, a) = p, where I is the regularised incomplete beta function. Half of the
 * distribution lies below 1/2, so its integral is twice the integral up to 1/2.
 *
 * @param p 0 … 1
 * @param a shape, above 0
 */
export function betaQuantile(p: number, a: number): number {
  if (p > 0.5) return 1 - betaQuantile(1 - p, a);
  const wanted = 2 * p * incompleteBeta(0.5, a);
  let low = 0, high = 0.5;
  for (let i = 0; i < HALVINGS && low < high; i++) {
    const middle = low + (high - low) / 2;
    if (middle === low || middle === high) break;
    if (incompleteBeta(middle, a) < wanted) low = middle;
    else high = middle;
  }
  return p === 0 ? 0 : high;
}

/** ∫_0^x (u(1−u))^(a−1) du = x^a Σ_k (1−a)_k/k! x^k/(a+k), for x ≤ 1/2. */
function incompleteBeta(x: number, a: number): number {
  let sum = 0;
  for (let k = 0, term = 1; Math.abs(term) > Number.EPSILON / 16; k++) {
    sum += term / (a + k);
    term *= (k + 1 - a) / (k + 1) * x;
  }
  return x ** a * sum;
}
