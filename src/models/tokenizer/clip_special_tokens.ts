/**
 * Special and added tokens of a CLIP tokenizer folder, collected from its files as transformers 5
 * does it (`_from_pretrained` of `tokenization_utils_base.py`, `TokenizersBackend`).
 * @module
 */
import { ModelError } from "../../errors.ts";
import { shown, shownValue } from "../../text.ts";
import type { AddedToken } from "./added_tokens.ts";
import { expectId, isObject } from "./clip_tables.ts";

/** Names of special tokens, in the order in which transformers adds them. */
const SPECIAL = [
  "bos_token",
  "eos_token",
  "unk_token",
  "sep_token",
  "pad_token",
  "cls_token",
  "mask_token",
] as const;

/** Special tokens that a tokenizer needs. */
const NEEDED = ["bos_token", "eos_token", "unk_token", "pad_token"] as const;

/** Parsed files of a folder that define tokens; missing files are empty. */
export interface TokenFiles {
  /** Path of the folder, for errors. */
  folder: string;
  /** `tokenizer_config.json`. */
  config: Record<string, unknown>;
  /** `special_tokens_map.json`. */
  map: Record<string, unknown>;
  /** `added_tokens.json`. */
  added: Record<string, unknown>;
  /** `added_tokens` of `tokenizer.json`. */
  listed: readonly unknown[];
}

/** Added tokens, and the texts of the needed special tokens. */
export interface SpecialTokens {
  tokens: AddedToken[];
  special: Record<typeof NEEDED[number], string>;
}

/** A token without its id. */
type Token = Omit<AddedToken, "id">;

/** A special token and its name in a file. */
interface Named {
  name: typeof SPECIAL[number];
  token: Token;
  /**
   * Type of its value in the file, string or object: transformers treats the two as different
   * tokens.
   */
  valueType: string;
}

/** A token as a file defines it. */
interface Declared {
  token: Token;
  id: number;
  /** File and key, for errors. */
  where: string;
}

/**
 * Collects the tokens. `added_tokens_decoder` of the configuration replaces every other file;
 * without it `special_tokens_map.json` overlays the configuration.
 *
 * @param vocab ids of the vocabulary
 * @throws {ModelError} if a token is malformed, a special one has no id, or an id differs from the
 * one that transformers would assign
 */
export function specialTokens(
  files: TokenFiles,
  vocab: Readonly<Record<string, number>>,
): SpecialTokens {
  const { config, map, folder } = files;
  const decoder = config.added_tokens_decoder;
  const settings = isObject(decoder) ? config : { ...config, ...map };
  const named = namedTokens(settings);
  const texts = Object.fromEntries(named.map(({ name, token }) => [name, token.content]));
  const special = texts as SpecialTokens["special"];
  const extra = extraTokens(config, isObject(decoder) ? {} : map);
  const undeclared = [...withoutRepeats(named), ...extra.tokens];
  const contents = new Set([...Object.values(texts), ...extra.known]);
  const declared = isObject(decoder) ? decoded(decoder, folder) : listed(files, contents);
  const known = new Set(declared.map(({ token }) => token.content));
  for (const name of NEEDED) {
    if (known.has(special[name]) || Object.hasOwn(vocab, special[name])) continue;
    const what = `${name} ${shown(special[name])} of ${folder}`;
    throw new ModelError(`read the tokenizer: ${what} is not in the vocabulary`);
  }
  const others = undeclared.filter(({ content }) => !known.has(content))
    .map((token) => ({ token, where: folder }));
  const inOrder = declared.toSorted((a, b) => a.id - b.id);
  return { tokens: withIds([...inOrder, ...others], vocab), special };
}

/**
 * Special tokens with a name. Those that every CLIP tokenizer has may be missing in the files.
 */
function namedTokens(settings: Record<string, unknown>): Named[] {
  const eos = tokenOf(settings.eos_token, { normalized: false })?.content ?? "<|endoftext|>";
  const defaults: Record<string, string> = {
    bos_token: "<|startoftext|>",
    eos_token: eos,
    unk_token: eos,
    pad_token: eos,
  };
  return SPECIAL.flatMap((name) => {
    const value = settings[name] ?? defaults[name];
    const token = tokenOf(value, { normalized: false });
    return token ? [{ name, token, valueType: typeof value }] : [];
  });
}

/**
 * Tokens without repetitions of earlier ones, which would replace the tokens between them.
 */
function withoutRepeats(named: readonly Named[]): Token[] {
  const seen = new Map<string, Token>();
  for (const { token, valueType } of named) {
    const key = JSON.stringify([valueType, token]);
    if (!seen.has(key)) seen.set(key, token);
  }
  return [...seen.values()];
}

/** `added_tokens_decoder`: tokens by id. */
function decoded(decoder: Record<string, unknown>, folder: string): Declared[] {
  const where = `${folder}/tokenizer_config.json: added_tokens_decoder`;
  return Object.entries(decoder).map(([id, value]) => declare(value, Number(id), where));
}

/** `added_tokens.json`, overridden by id by `added_tokens` of `tokenizer.json`. */
function listed({ folder, added, listed }: TokenFiles, special: ReadonlySet<string>): Declared[] {
  const byId = new Map<number, Declared>();
  const put = (declared: Declared) => byId.set(declared.id, declared);
  const own = `${folder}/added_tokens.json`;
  for (const [content, id] of Object.entries(added)) {
    put(declare({ content, normalized: !special.has(content) }, id, own));
  }
  const where = `${folder}/tokenizer.json: added_tokens`;
  for (const value of listed) put(declare(value, isObject(value) ? value.id : undefined, where));
  return [...byId.values()];
}

function declare(value: unknown, id: unknown, where: string): Declared {
  const normalized = isObject(value) && value.special !== true;
  const token = isObject(value) ? tokenOf(value, { normalized }) : undefined;
  if (!token) throw new ModelError(`${where}: ${shownValue(value)} is not a token`);
  expectId(token.content, id, where);
  return { token, id, where };
}

/**
 * Special tokens without a name. `known` are the texts of those that are special in
 * `added_tokens.json` too; tokens under the old key of `special_tokens_map.json` are not.
 */
function extraTokens(
  config: Record<string, unknown>,
  map: Record<string, unknown>,
): { tokens: Token[]; known: string[] } {
  const list = (value: unknown): Token[] =>
    (Array.isArray(value) ? value : isObject(value) ? Object.values(value) : [])
      .map((entry) => tokenOf(entry, { normalized: false }))
      .filter((token) => token !== undefined);
  const own = list(config.extra_special_tokens ?? config.additional_special_tokens);
  own.push(...list(map.extra_special_tokens));
  const tokens = own.length > 0 ? own : list(map.additional_special_tokens);
  return { tokens, known: own.map(({ content }) => content) };
}

/** Reads a token, which is a string or an object with `content`. */
function tokenOf(value: unknown, { normalized }: { normalized: boolean }): Token | undefined {
  const { content, ...flags } = isObject(value) ? value : { content: value };
  if (typeof content !== "string") return undefined;
  const flag = (name: string, fallback = false) =>
    typeof flags[name] === "boolean" ? flags[name] : fallback;
  return {
    content,
    normalized: flag("normalized", normalized),
    lstrip: flag("lstrip"),
    rstrip: flag("rstrip"),
    singleWord: flag("single_word"),
  };
}

/**
 * Assigns each token its id, the vocabulary's or the next free one. The last token of the same text
 * is used.
 */
function withIds(
  declared: readonly (Omit<Declared, "id"> & { id?: number })[],
  vocab: Readonly<Record<string, number>>,
): AddedToken[] {
  const tokens = new Map<string, AddedToken>();
  let next = 1 + Object.values(vocab).reduce((most, id) => Math.max(most, id), -1);
  for (const { token, id: wanted, where } of declared) {
    const { content } = token;
    const own = Object.hasOwn(vocab, content) ? vocab[content] : tokens.get(content)?.id;
    const id = own ?? next++;
    if (wanted !== undefined && wanted !== id) {
      const what = own === undefined ? "the next free id" : "its id in the vocabulary";
      throw new ModelError(
        `${where}: token ${shown(content)} has id ${wanted}, ${what} is ${id}`,
        { hint: "versions of transformers disagree on such a folder: save the tokenizer again" },
      );
    }
    tokens.set(content, { ...token, id });
  }
  return [...tokens.values()];
}
