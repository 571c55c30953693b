/** `config.json` of transformers' CLIPTextModel. @module */
import type { JsonObject, JsonValue } from "../../formats/json.ts";
import { ConfigReader } from "../../models/config_reader.ts";

/** Sizes of a CLIP text encoder. */
export interface TextConfig {
  /** Rows of the token table. */
  vocabulary: number;
  /** Tokens of a prompt. */
  positions: number;
  /** Width of a token's embedding. */
  width: number;
  /** Width inside the MLP. */
  mlpWidth: number;
  /** Number of layers. */
  layers: number;
  /** Attention heads. */
  heads: number;
  /** Activation of the MLP. */
  activation: "quick_gelu" | "gelu";
  /** Id that ends a prompt; `undefined` if it is the largest id of the prompt. */
  endToken: number | undefined;
  /** Width of the projected embedding, if the model has a projection. */
  projection: number | undefined;
}

const FIXED: Readonly<Record<string, readonly JsonValue[]>> = {
  model_type: ["clip_text_model", "clip"],
  layer_norm_eps: [1e-5],
};
const WIDEST = 2 ** 16;
/**
 * `eos_token_id` of configurations that mean the largest id of a prompt, as in transformers.
 */
const LARGEST_ID = 2;

/**
 * Reads a configuration. Missing keys have transformers' defaults.
 *
 * @throws {ModelError} naming the key, its value and the supported values
 */
export function textConfig(json: JsonObject, file: string): TextConfig {
  const reader = new ConfigReader(file, json);
  reader.fixed(FIXED);
  const size = (key: string, fallback: number, most = WIDEST) =>
    reader.size(key, { fallback, most });
  const vocabulary = size("vocab_size", 49408, 2 ** 24);
  const width = size("hidden_size", 512);
  const heads = size("num_attention_heads", 8, 1024);
  if (width % heads !== 0) throw reader.wrong("num_attention_heads", `a divisor of ${width}`);
  return {
    vocabulary,
    positions: size("max_position_embeddings", 77, 1024),
    width,
    mlpWidth: size("intermediate_size", 2048),
    layers: size("num_hidden_layers", 12, 256),
    heads,
    activation: reader.oneOf("hidden_act", ["quick_gelu", "gelu"] as const) ?? "quick_gelu",
    endToken: endToken(reader, vocabulary),
    projection: hasProjection(reader) ? size("projection_dim", 512) : undefined,
  };
}

function endToken(reader: ConfigReader, vocabulary: number): number | undefined {
  const value = reader.get("eos_token_id") ?? vocabulary - 1;
  if (value === LARGEST_ID) return undefined;
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value < vocabulary) {
    return value;
  }
  throw reader.wrong("eos_token_id", `an id below ${vocabulary}`);
}

function hasProjection(reader: ConfigReader): boolean {
  const names = reader.get("architectures") ?? ["CLIPTextModel"];
  if (!Array.isArray(names) || names.length !== 1) throw wrongArchitecture(reader);
  if (names[0] === "CLIPTextModelWithProjection") return true;
  if (names[0] !== "CLIPTextModel") throw wrongArchitecture(reader);
  return false;
}

function wrongArchitecture(reader: ConfigReader) {
  return reader.wrong("architectures", "CLIPTextModel or CLIPTextModelWithProjection");
}
