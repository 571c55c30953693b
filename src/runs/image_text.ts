/** Text chunks of a run's images: `parameters` for other programs, `parataa` for ourselves. @module */
import { formatA1111 } from "../images/a1111.ts";
import { VERSION } from "../version.ts";
import type { Manifest } from "./manifest.ts";

/** Keyword of our own text chunk. */
export const PNG_KEYWORD = "parataa";

/** What an image says of itself. Nothing here may depend on time or machine: the same seed gives the same bytes. */
export interface ImageText {
  script: string;
  /** Prompt, or the class in words. */
  prompt: string;
  negativePrompt?: string;
  /** Arguments that change the result. */
  arguments: Manifest["arguments"];
  model: string;
  /** Hash of the network that predicts the noise. */
  modelSha256: string;
  /** Seed that made this sample's noise; absent when the noise came from a file. */
  seed?: number;
  size: { width: number; height: number };
  sample: number;
  step: number;
}

/** The chunks by keyword. */
export function imageText(text: ImageText): Map<string, string> {
  const { arguments: args, size } = text;
  const parameters = formatA1111({
    prompt: text.prompt,
    negativePrompt: text.negativePrompt,
    fields: [
      ["Steps", Number(args.timesteps)],
      ["Sampler", `${args.eta === 1 ? "DDPM" : "DDIM"} ${args.method}`],
      ["CFG scale", Number(args.cfg_scale)],
      ...(text.seed === undefined ? [] : [["Seed", text.seed] as const]),
      ["Size", `${size.width}x${size.height}`],
      ["Model", text.model],
      ["Eta", Number(args.eta)],
      ["Version", `parataa ${VERSION}`],
    ],
  });
  const own = {
    version: VERSION,
    script: text.script,
    sample: text.sample,
    step: text.step,
    model_sha256: text.modelSha256,
    arguments: args,
  };
  return new Map([["parameters", writable(parameters)], [PNG_KEYWORD, JSON.stringify(own)]]);
}

/** A model's class names may hold what no PNG text can: a zero, half a surrogate pair. */
function writable(text: string): string {
  return text.replaceAll("\0", "\ufffd").toWellFormed();
}
