/**
 * Text chunks of a run's images: `parameters` for other programs, `parataa` for parataa.
 * @module
 */
import { formatA1111 } from "../images/a1111.ts";
import { VERSION } from "../version.ts";
import type { Manifest } from "./manifest.ts";

/** Keyword of parataa's text chunk. */
export const PNG_KEYWORD = "parataa";

/**
 * Metadata of an image. It must not depend on time or machine: the same seed gives the same bytes.
 */
export interface ImageText {
  script: string;
  /** Prompt, or class name. */
  prompt: string;
  negativePrompt?: string;
  /** Arguments that affect the result. */
  arguments: Manifest["arguments"];
  model: string;
  /** Hash of the denoiser network. */
  modelSha256: string;
  /** Seed of this sample's noise; absent if the noise came from a file. */
  seed?: number;
  size: { width: number; height: number };
  sample: number;
  step: number;
}

/** Text chunks by keyword. */
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

/**
 * Replaces characters that a PNG text cannot contain (NUL, lone surrogates); class names may have
 * them.
 */
function writable(text: string): string {
  return text.replaceAll("\0", "\ufffd").toWellFormed();
}
