/** The source of a warm start: a trajectory, a latent or an image. @module */
import { UsageError } from "../errors.ts";
import type {
  FlowSettings,
  ResolvedSettings,
  ResolvedShared,
  WarmStartSettings,
} from "./settings.ts";

/** Settings that name the source file; at most one may be given. */
export const SOURCES = ["initialTrajectory", "initialLatents", "initialImage"] as const;

/** A source that was given. */
export interface Source {
  setting: typeof SOURCES[number];
  file: string;
}

/** The source that was given, if any. */
export function findSource(
  settings: Pick<WarmStartSettings, typeof SOURCES[number]>,
): Source | undefined {
  const setting = SOURCES.find((setting) => settings[setting] !== undefined);
  return setting && { setting, file: settings[setting]! };
}

/**
 * Settings that have no effect with a source: a trajectory file includes the noise that it was
 * solved with.
 */
export function ineffectiveSettings(source: Source | undefined): string[] {
  if (!source) return [];
  return source.setting === "initialTrajectory"
    ? ["prompt1", "seed", "seeds", "numSamples", "noisePath", "noiseStream"]
    : ["prompt1"];
}

/**
 * Validates the settings of a warm start.
 *
 * @throws {UsageError} when a given setting has no effect, or more steps are varied than there are
 */
export function checkWarmStart(
  settings:
    & Pick<ResolvedSettings, "task">
    & Pick<ResolvedShared, "numInferenceSteps">
    & Pick<FlowSettings, "variationSteps" | "classLabels" | typeof SOURCES[number]>,
  given: ReadonlySet<string>,
): void {
  const { variationSteps, numInferenceSteps: steps } = settings, source = findSource(settings);
  if (variationSteps !== undefined && variationSteps > steps) {
    throw new UsageError((name) =>
      `${name("variationSteps")} is ${variationSteps} but takes a whole number, 1-${steps} (${
        name("numInferenceSteps")
      })`
    );
  }
  if (settings.task === "flow") checkFlowStart(settings, source);
  refuseIneffective(source, given);
}

/** A flow starts from a file or from scratch, and a trajectory's noise draws no classes. */
function checkFlowStart(
  { variationSteps, classLabels }: Pick<FlowSettings, "variationSteps" | "classLabels">,
  source: Source | undefined,
): void {
  if (!source && variationSteps !== undefined) {
    throw new UsageError((name) =>
      `${name("variationSteps")} is given without a start, wanted one of ${
        SOURCES.map(name).join(", ")
      }`
    );
  }
  if (source?.setting !== "initialTrajectory" || classLabels !== undefined) return;
  throw new UsageError((name) =>
    `${name(source.setting)} is given without ${name("classLabels")}, wanted both`
  );
}

function refuseIneffective(source: Source | undefined, given: ReadonlySet<string>): void {
  const wrong = ineffectiveSettings(source).find((setting) => given.has(setting));
  if (!wrong) return;
  throw new UsageError((name) => `${name(wrong)} is not used with ${name(source!.setting)}`, {
    hint: "leave it out",
  });
}
