/** Prompts of the Stable Diffusion scripts. @module */
import { UsageError } from "../errors.ts";
import type { TextCondition } from "../pipelines/stable_diffusion_pipeline.ts";
import type { StableDiffusionPipeline } from "../pipelines/stable_diffusion_pipeline.ts";
import { readUserFile } from "./user_file.ts";

/**
 * Prompts of a file, one a line; empty lines are left out.
 *
 * @throws {UsageError} when the file cannot be read, is not UTF-8 or holds no prompt
 */
export async function readPrompts(flag: string, path: string): Promise<string[]> {
  const bytes = await readUserFile(flag, path);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new UsageError(`--${flag} ${path} is not UTF-8 text`, {
      hint: "save it as UTF-8",
      cause,
    });
  }
  const prompts = text.split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== "");
  if (prompts.length === 0) {
    throw new UsageError(`--${flag} ${path} holds no prompt, wanted one a line`);
  }
  return prompts;
}

/** Embeds every prompt once, beside the negative prompt; tells what does not fit. */
export async function embedPrompts(
  prompts: readonly string[],
  negative: string,
  { pipeline, note, signal }: {
    pipeline: StableDiffusionPipeline;
    note: (line: string) => void;
    signal: AbortSignal;
  },
): Promise<TextCondition[]> {
  const embed = async (prompt: string) => {
    const embedding = await pipeline.encodePrompt(prompt, signal);
    if (embedding.truncated !== undefined) {
      note(`the prompt is too long, this part was cut: ${JSON.stringify(embedding.truncated)}`);
    }
    return embedding;
  };
  const negativePrompt = await embed(negative);
  const conditions: TextCondition[] = [];
  for (const prompt of prompts) conditions.push({ prompt: await embed(prompt), negativePrompt });
  return conditions;
}
