/** Measures the difference of two latents. @module */

/** Difference of a latent from a reference. */
export interface LatentDifference {
  /** Largest absolute difference of two elements. */
  max: number;
  /** RMS of the difference. */
  rms: number;
  /** `rms` divided by the RMS of the reference; 0 for equal latents. */
  relative: number;
}

/** Compares a latent with a reference of the same length. */
export function latentDifference(latent: Float64Array, reference: Float64Array): LatentDifference {
  let max = 0, square = 0, scale = 0;
  for (let i = 0; i < reference.length; i++) {
    const difference = Math.abs(latent[i] - reference[i]);
    max = Math.max(max, difference);
    square += difference ** 2;
    scale += reference[i] ** 2;
  }
  return {
    max,
    rms: Math.sqrt(square / reference.length),
    relative: square === 0 ? 0 : Math.sqrt(square / scale),
  };
}
