/** The revision of the samplers. @module */

/**
 * Raised by one with every change of the numbers that a sampler or a command produces, even in a
 * last bit. Runs record it, because the version only changes with releases.
 */
export const SOLVER_REVISION = 4;
