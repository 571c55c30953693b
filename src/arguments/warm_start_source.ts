/** Where the trajectory comes from that a warm start begins with. @module */
import { UsageError } from "../errors.ts";
import type { SdWinitSettings } from "./settings.ts";

/** Settings that name a file to start from; at most one may be given. */
export const SOURCES = ["initialTrajectory", "initialLatents", "initialImage"] as const;

/** A source that was given. */
export interface Source {
  setting: typeof SOURCES[number];
  file: string;
}

/** The source that was given, if any. */
export function findSource(
  settings: Pick<SdWinitSettings, typeof SOURCES[number]>,
): Source | undefined {
  const setting = SOURCES.find((setting) => settings[setting] !== undefined);
  return setting && { setting, file: settings[setting]! };
}

/** Settings that a source leaves without a meaning: a trajectory file brings the noise that it was solved with. */
export function uselessSettings(source: Source | undefined): string[] {
  if (!source) return [];
  return source.setting === "initialTrajectory"
    ? ["prompt1", "seed", "seeds", "numSamples", "noisePath", "noiseStream"]
    : ["prompt1"];
}

/** @throws {UsageError} when a setting was given that the source leaves without a meaning */
export function refuseUseless(source: Source | undefined, given: ReadonlySet<string>): void {
  const wrong = uselessSettings(source).find((setting) => given.has(setting));
  if (!wrong) return;
  throw new UsageError((name) => `${name(wrong)} is not used with ${name(source!.setting)}`, {
    hint: "leave it out",
  });
}
