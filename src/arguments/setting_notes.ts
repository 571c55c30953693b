/** Notes on settings whose effect may surprise users. @module */
import type { Wording } from "../errors.ts";
import type { ResolvedShared, TextSettings } from "./settings.ts";

/** One note per line. */
export function settingNotes(
  { guidanceScale: scale, negativePrompt: negative }:
    & Pick<ResolvedShared, "guidanceScale">
    & Pick<TextSettings, "negativePrompt">,
): Wording[] {
  if (scale < 1) return [lowGuidance(scale, negative)];
  if (scale !== 1 || !negative) return [];
  return [
    (name) =>
      `${name("negativePrompt")} has no effect with ${
        name("guidanceScale")
      } 1, which turns guidance off`,
  ];
}

/** diffusers disables guidance for values up to 1; parataa only for 1. */
function lowGuidance(scale: number, negative: string | undefined): Wording {
  const wanted = negative === undefined ? "class" : "prompt";
  const follows = scale === 0 ? `do not follow the ${wanted}` : `follow the ${wanted} less`;
  const mixes = negative ? "of the negative prompt" : "unconditional";
  const partly = scale === 0 ? "" : "partly ";
  return (name) =>
    `${name("guidanceScale")} ${scale}: images are ${partly}${mixes} and ${follows}` +
    `; to disable guidance, as diffusers does up to 1, set ${name("guidanceScale")} 1`;
}
