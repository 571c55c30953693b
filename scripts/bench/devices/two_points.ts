/**
 * ε for data that is two points in every dimension, smoothed: cheap, and not linear, so that
 * solvers have work to do.
 * @module
 */

/** Writes the noise prediction of every element at a noise level ᾱ. */
export function predictTwoPoints<A extends Float32Array | Float64Array>(
  latents: A,
  alpha: number,
  noise: A,
): void {
  const scale = Math.sqrt(alpha), rest = Math.sqrt(1 - alpha);
  for (let i = 0; i < latents.length; i++) {
    const pull = scale * latents[i] / (1 - alpha + 0.05);
    noise[i] = (latents[i] - scale * pull / (1 + Math.abs(pull))) / rest;
  }
}
