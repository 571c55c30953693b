/**
 * The named sets of defaults of the methods, one place for the library and the scripts.
 * @module
 */
import type { TqnOptions } from "./tqn/tqn_options.ts";

/**
 * `reference`: each method as its reference implementation has it, so that both agree round for
 * round. `fast`: the settings that the scripts and {@link solve} take; `tqn` then skips far steps,
 * takes the derivative for symmetric, checks unstable chains, and is stricter at the last steps
 * than at noisy ones. It saves an eighth of the evaluations on the embedded diffusion models at no
 * more rounds; on flows it skips no step. The other methods have one set of defaults.
 */
export type Preset = "reference" | "fast";

/** Tolerance of `tqn`; it gets to the same residual as `parataa` in fewer rounds, less damped. */
export const TQN_TOLERANCE = 3e-4;

/** Tolerance of every other method, as in the paper. */
export const TOLERANCE = 1e-3;

/** Settings of `tqn` in the preset `fast`. */
export const LEAN_TQN: Readonly<Partial<TqnOptions>> = {
  symmetric: true,
  skipRadius: 0.3,
  growthLimit: 3,
};

/**
 * Settings of `tqn` in the preset `fast` on a flow. Skipping steps would take more rounds there, 3 %
 * to 15 % in three sets of seeds.
 */
export const FLOW_TQN: Readonly<Partial<TqnOptions>> = { ...LEAN_TQN, skipRadius: 0 };

/** `rtol` over `atol` of `tqn` in the preset `fast`, see `rtol` of the options. */
export const LEAN_RTOL_RATIO = 10;

/**
 * A warm start over all steps will mostly move, so that not every step need be asked at its old
 * place.
 */
const WIDE_WARM: Readonly<Partial<TqnOptions>> = { strides: [5, 2] };

/** What a preset settles. */
interface PresetDefaults {
  atol: number;
  rtol: number;
  tqn: Partial<TqnOptions>;
}

/** What the defaults of a preset depend on. */
interface PresetQuestion {
  /** Name of the method, or a solver of the caller's own. */
  method?: unknown;
  atol?: number;
  /** Whether the chain is a flow's. */
  flow: boolean;
  /** Whether the window is of all steps. */
  wide: boolean;
  /** Whether there is a trajectory to start from. */
  warm: boolean;
}

/** The defaults of a method. */
export function presetDefaults(
  preset: Preset,
  { method, atol, flow, wide, warm }: PresetQuestion,
): PresetDefaults {
  const tolerance = method === "tqn" ? TQN_TOLERANCE : TOLERANCE;
  if (preset === "reference" || method !== "tqn") {
    return { atol: tolerance, rtol: tolerance, tqn: {} };
  }
  return {
    atol: tolerance,
    rtol: Math.min(LEAN_RTOL_RATIO * (atol ?? tolerance), Number.MAX_VALUE),
    tqn: { ...(flow ? FLOW_TQN : LEAN_TQN), ...(wide && warm ? WIDE_WARM : {}) },
  };
}
