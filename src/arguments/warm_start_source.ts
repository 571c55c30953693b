/** Finds the source of a warm start: a trajectory, a latent or an image. @module */
import { UsageError } from "../errors.ts";
import type { SdWinitSettings } from "./settings.ts";

/** Settings that name the source file; at most one may be given. */
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

/**
 * Settings that have no effect with a source: a trajectory file includes the noise that it was
 * solved with.
 */
export function uselessSettings(source: Source | undefined): string[] {
  if (!source) return [];
  return source.setting === "initialTrajectory"
    ? ["prompt1", "seed", "seeds", "numSamples", "noisePath", "noiseStream"]
    : ["prompt1"];
}

/**
 * @throws {UsageError} when a given setting has no effect with the source
 */
export function refuseUseless(source: Source | undefined, given: ReadonlySet<string>): void {
  const wrong = uselessSettings(source).find((setting) => given.has(setting));
  if (!wrong) return;
  throw new UsageError((name) => `${name(wrong)} is not used with ${name(source!.setting)}`, {
    hint: "leave it out",
  });
}
