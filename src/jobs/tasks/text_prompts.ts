/** Reads and embeds text prompts. @module */
import { UsageError } from "../../errors.ts";
import { shown } from "../../text.ts";
import type { TextEmbedding } from "../../models/text_encoder_network.ts";
import type {
  StableDiffusionPipeline,
  TextCondition,
} from "../../pipelines/stable_diffusion_pipeline.ts";
import { readUserFile } from "../../storage/user_file.ts";
import { syntaxNote } from "./prompt_syntax.ts";

/**
 * Prompts of a file, one per line; empty lines are skipped.
 *
 * @throws {UsageError} when the file cannot be read, is not UTF-8 or contains no prompt
 */
export async function readPrompts(setting: string, path: string): Promise<string[]> {
  const bytes = await readUserFile(setting, path);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new UsageError((name) => `${name(setting)} ${path} is not UTF-8 text`, {
      hint: "save it as UTF-8",
      cause,
    });
  }
  // A lone CR ends a line, as in Python's text mode.
  const prompts = text.split(/\r\n|\r|\n/).map((line) => line.trim()).filter((line) => line !== "");
  if (prompts.length === 0) {
    throw new UsageError((name) =>
      `${name(setting)} ${path} contains no prompt, wanted one per line`
    );
  }
  return prompts;
}

/** Options of embedding prompts. */
export interface EmbedOptions {
  pipeline: StableDiffusionPipeline;
  /** Receives a note if a prompt is truncated. */
  note: (line: string) => void;
  signal: AbortSignal;
}

/**
 * Embeds prompts, paired with one negative prompt. The last prompt is cached, since samples of one
 * prompt are consecutive.
 */
export class PromptEmbedder {
  readonly #options: EmbedOptions;
  readonly #negativePrompt: TextEmbedding;
  #last: { text: string; condition: TextCondition } | undefined;
  #syntaxNoted = false;

  private constructor(options: EmbedOptions, negativePrompt: TextEmbedding) {
    this.#options = options;
    this.#negativePrompt = negativePrompt;
  }

  /** Embeds the negative prompt. */
  static async create(negative: string, options: EmbedOptions): Promise<PromptEmbedder> {
    const embedder = new PromptEmbedder(options, await embed(negative, options, "negative"));
    if (negative !== "" && options.pipeline.takesGuidance) {
      options.note("the network takes its guidance as an input, the negative prompt has no effect");
    }
    embedder.#noteSyntax(negative);
    return embedder;
  }

  /** Condition of one prompt. */
  async condition(text: string): Promise<TextCondition> {
    if (this.#last?.text !== text) {
      this.#noteSyntax(text);
      const prompt = await embed(text, this.#options, "positive");
      this.#last = { text, condition: { prompt, negativePrompt: this.#negativePrompt } };
    }
    return this.#last.condition;
  }

  /** Notes web-UI syntax once per run: a prompt file may use it in every line. */
  #noteSyntax(text: string): void {
    const note = this.#syntaxNoted ? undefined : syntaxNote(text);
    if (note === undefined) return;
    this.#options.note(note);
    this.#syntaxNoted = true;
  }
}

async function embed(
  text: string,
  { pipeline, note, signal }: EmbedOptions,
  side: "positive" | "negative",
): Promise<TextEmbedding> {
  const embedding = side === "positive"
    ? await pipeline.encodePrompt(text, signal)
    : await pipeline.encodeNegativePrompt(text, signal);
  if (embedding.truncated !== undefined) {
    note(`the prompt is too long, this part was cut: ${shown(embedding.truncated)}`);
  }
  return embedding;
}
