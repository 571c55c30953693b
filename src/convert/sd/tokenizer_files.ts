/** Reads the files of a CLIP tokenizer to copy them into a model folder. @module */
import { join } from "node:path";
import { ModelError } from "../../errors.ts";
import { type ClipVocabulary, readClipVocabulary } from "../../models/tokenizer/clip_vocabulary.ts";
import { readUserFile } from "../../storage/user_file.ts";
import { listFolder } from "../convert_sources.ts";

/** Files that transformers reads a tokenizer from. */
const FILES = [
  "tokenizer.json",
  "vocab.json",
  "merges.txt",
  "added_tokens.json",
  "special_tokens_map.json",
  "tokenizer_config.json",
];

/** A tokenizer's files and the vocabulary read from them. */
export interface TokenizerFiles {
  files: Map<string, Uint8Array>;
  vocabulary: ClipVocabulary;
}

/** True if a folder with these files is a tokenizer's. */
export function isTokenizer(names: readonly string[]): boolean {
  return names.includes("tokenizer.json") ||
    (names.includes("vocab.json") && names.includes("merges.txt"));
}

/**
 * Reads and checks a tokenizer's files.
 *
 * @param ids rows of the text encoder's token table
 * @throws {ModelError} if they are not a tokenizer, or belong to another text encoder
 */
export async function readTokenizer(
  setting: string,
  folder: string,
  { ids }: { ids: number },
): Promise<TokenizerFiles> {
  const present = await listFolder(setting, folder);
  const files = new Map<string, Uint8Array>();
  for (const name of FILES.filter((name) => present.includes(name))) {
    files.set(name, await readUserFile(setting, join(folder, name)));
  }
  const read = (name: string) => Promise.resolve(files.get(name));
  const vocabulary = await readClipVocabulary(folder, read);
  const added = vocabulary.addedTokens.map(({ id }) => id);
  const largest = [...Object.values(vocabulary.vocab), ...added].reduce((a, b) => Math.max(a, b));
  if (largest < ids) return { files, vocabulary };
  throw new ModelError(
    `${folder} has tokens up to ${largest}, the text encoder up to ${ids - 1}`,
    { hint: "use the tokenizer that the text encoder was trained with" },
  );
}
