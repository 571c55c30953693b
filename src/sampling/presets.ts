/**
 * The named sets of solver defaults, in one place for the library and the commands.
 * @module
 */
import type { TqnOptions } from "./tqn/tqn_options.ts";

/**
 * `reference`: the settings of each method's reference implementation, with which it agrees round
 * for round. `fast`: the settings of the commands and of {@link solve}. With `fast`, `tqn` skips
 * far steps (not on flows), assumes a symmetric derivative, checks unstable chains, has a looser
 * tolerance at noisy steps, and refines the last steps of a small window: an eighth fewer
 * evaluations on the embedded diffusion models at no more rounds. Other methods have the same
 * defaults in both. `visual`: `fast` with a larger tolerance of `tqn`: fewer rounds, and images that
 * look the same (docs/small-windows.md has their PSNR). `exact`: `fast` with a tolerance of 0, for
 * every method: the result is that of sequential sampling, bit for bit if the network's outputs do
 * not depend on the batch.
 */
export type Preset = "exact" | "reference" | "fast" | "visual";

/** All presets. */
export const PRESETS: readonly Preset[] = ["exact", "reference", "fast", "visual"];

/** Default tolerance of `tqn`: it reaches the same residual in fewer rounds, less damped. */
const TQN_TOLERANCE = 3e-4;

/** Default tolerance of `tqn` with `visual`. */
const VISUAL_TQN_TOLERANCE = 7.5e-4;

/** Default tolerance of the other methods, as in the paper. */
const TOLERANCE = 1e-3;

/** Settings of `tqn` in the preset `fast`. */
export const FAST_TQN: Readonly<Partial<TqnOptions>> = {
  symmetric: true,
  skipRadius: 0.3,
  growthLimit: 3,
  refinement: 2,
};

/**
 * Settings of `tqn` in the preset `fast` on a flow. Skipping steps would take 3 % to 15 % more
 * rounds there (three sets of seeds).
 */
export const FAST_FLOW_TQN: Readonly<Partial<TqnOptions>> = { ...FAST_TQN, skipRadius: 0 };

/** Default `rtol` over `atol` of `tqn` in the preset `fast`. */
export const FAST_RTOL_RATIO = 10;

/** Most inputs of a warm start over all steps will move, so its first rounds skip steps. */
const FULL_WINDOW_WARM_TQN: Readonly<Partial<TqnOptions>> = { strides: [5, 2] };

interface PresetDefaults {
  atol: number;
  rtol: number;
  tqn: Partial<TqnOptions>;
}

/** The options that the defaults depend on. */
interface PresetConditions {
  /** Name of the method, or the caller's own solver. */
  method?: unknown;
  atol?: number;
  /** Whether the chain is a flow's. */
  flow: boolean;
  /** Whether the window has T steps. */
  fullWindow: boolean;
  /** Whether there is an initial trajectory. */
  warm: boolean;
}

/** Default `atol` of a method under a preset. */
export function presetTolerance(preset: unknown, method: unknown): number {
  if (preset === "exact") return 0;
  if (method !== "tqn") return TOLERANCE;
  return preset === "visual" ? VISUAL_TQN_TOLERANCE : TQN_TOLERANCE;
}

/** The defaults of a method under a preset. */
export function presetDefaults(
  preset: Preset,
  { method, atol, flow, fullWindow, warm }: PresetConditions,
): PresetDefaults {
  const tolerance = presetTolerance(preset, method);
  if (preset === "reference" || method !== "tqn") {
    return { atol: tolerance, rtol: tolerance, tqn: {} };
  }
  const fast = flow ? FAST_FLOW_TQN : FAST_TQN;
  return {
    atol: tolerance,
    rtol: Math.min(FAST_RTOL_RATIO * (atol ?? tolerance), Number.MAX_VALUE),
    tqn: fullWindow && warm ? { ...fast, ...FULL_WINDOW_WARM_TQN } : fast,
  };
}
