/**
 * A prompt as the networks of each family take it: the rows of one text encoder, or of several put
 * together.
 * @module
 */
import type { TextEmbedding } from "./text_encoder_network.ts";

/** Turns prompts into embeddings. */
export interface PromptEncoder {
  /** `[tokens, width]` of an embedding. */
  readonly shape: readonly [tokens: number, width: number];
  /** Embedding of one prompt, the empty one included. */
  encode(prompt: string, signal?: AbortSignal): Promise<TextEmbedding>;
}

/** Rows that stand in for a text encoder that the folder has not. */
export function absentEncoder(shape: readonly [tokens: number, width: number]): PromptEncoder {
  const size = shape[0] * shape[1];
  const embedding = { data: new Float32Array(size), truncated: undefined };
  return { shape, encode: () => Promise.resolve(embedding) };
}

/** The rows of `rows`, with the pooled row of `pooled`: FLUX's T5 and CLIP. */
export function withPooled(rows: PromptEncoder, pooled: PromptEncoder): PromptEncoder {
  return {
    shape: rows.shape,
    async encode(prompt, signal) {
      const { data, truncated } = await rows.encode(prompt, signal);
      return { data, truncated, pooled: (await pooled.encode(prompt, signal)).pooled };
    },
  };
}

/**
 * Two CLIP encoders side by side: SDXL's and SD3's.
 *
 * @param pooled whose pooled rows are given: the second's, or both one after the other
 */
export function sideBySide(
  first: PromptEncoder,
  second: PromptEncoder,
  pooled: "second" | "both",
): PromptEncoder {
  const [tokens] = first.shape, widths = [first.shape[1], second.shape[1]];
  const width = widths[0] + widths[1];
  return {
    shape: [tokens, width],
    async encode(prompt, signal) {
      const a = await first.encode(prompt, signal), b = await second.encode(prompt, signal);
      const data = new Float32Array(tokens * width);
      for (let row = 0; row < tokens; row++) {
        data.set(rowOf(a.data, row, widths[0]), row * width);
        data.set(rowOf(b.data, row, widths[1]), row * width + widths[0]);
      }
      const parts = pooled === "both" ? [a.pooled!, b.pooled!] : [b.pooled!];
      return { data, pooled: joined(parts), truncated: a.truncated };
    },
  };
}

/** SD3's prompt: CLIP's rows, filled with zeros to the width of T5's, and those behind them. */
export function stacked(clip: PromptEncoder, t5: PromptEncoder): PromptEncoder {
  const [clipTokens, clipWidth] = clip.shape, [t5Tokens, width] = t5.shape;
  const tokens = clipTokens + t5Tokens;
  return {
    shape: [tokens, width],
    async encode(prompt, signal) {
      const above = await clip.encode(prompt, signal), below = await t5.encode(prompt, signal);
      const data = new Float32Array(tokens * width);
      for (let row = 0; row < clipTokens; row++) {
        data.set(rowOf(above.data, row, clipWidth), row * width);
      }
      data.set(below.data, clipTokens * width);
      return { data, pooled: above.pooled, truncated: above.truncated };
    },
  };
}

function rowOf(data: Float32Array, row: number, width: number): Float32Array {
  return data.subarray(row * width, (row + 1) * width);
}

function joined(rows: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(rows.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const row of rows) {
    all.set(row, at);
    at += row.length;
  }
  return all;
}
