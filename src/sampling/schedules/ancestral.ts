/**
 * The noise that an ancestral step adds.
 * @module
 */

/**
 * Levels of the steps t = 0 … T−1: x_(t+1) = signal x_0 + sigma ε. Step t ends at the level of step
 * t−1, step 0 at no noise.
 */
export type Levels = Record<"signal" | "sigma", Float64Array>;

/**
 * Standard deviation of x_t given x_(t+1) and x_0, which is that of the noise that DDPM adds:
 * sigma′ √(1 − ρ²), where ρ is the ratio of signal to noise at x_(t+1) over that at x_t, and sigma′
 * is the sigma of x_t. 0 at t = 0.
 */
export function ancestralScale({ signal, sigma }: Levels): Float64Array {
  return sigma.map((s, t) => {
    if (t === 0) return 0;
    const ratio = signal[t] * sigma[t - 1] / (s * signal[t - 1]);
    return sigma[t - 1] * Math.sqrt(Math.max(1 - ratio * ratio, 0));
  });
}
