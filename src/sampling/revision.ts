/** The revision of the samplers. @module */

/**
 * Raised by one whenever a sampler, or what the scripts ask of it, gives other numbers than before,
 * be it in a last bit. Versions change at releases alone: by this a run tells which code between
 * two of them solved it.
 */
export const SOLVER_REVISION = 1;
