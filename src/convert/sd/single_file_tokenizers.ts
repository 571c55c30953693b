/** Finds the tokenizers for a single file, which has none. @module */
import { dirname, join } from "node:path";
import { KIND_NAMES, type SingleFileKind } from "../single_file/single_file_kind.ts";
import { UsageError } from "../../errors.ts";
import { listFolder } from "../convert_sources.ts";
import { partName, type SdModel } from "./sd_model.ts";
import { isTokenizer, readTokenizer } from "./tokenizer_files.ts";

/** Places to search for tokenizers. */
export interface TokenizerPlaces {
  /** Path of the checkpoint. */
  path: string;
  /** Folder of configurations. */
  configPath?: string;
  /** Folder of a tokenizer. */
  tokenizerPath?: string;
}

/**
 * Reads tokenizers from the given folder, the folder of configurations, or the checkpoint's folder.
 *
 * @throws {UsageError} if there is none; the hint says where to get it
 */
export async function singleFileTokenizers(
  kind: SingleFileKind,
  texts: SdModel["texts"],
  { tokenizerPath, configPath, path }: TokenizerPlaces,
): Promise<{ files: Record<string, Uint8Array>; notes: string[] }> {
  const files: Record<string, Uint8Array> = {};
  const notes: string[] = [];
  for (const [i, { config }] of texts.entries()) {
    const part = partName("tokenizer", i);
    const [setting, folder] = tokenizerPath !== undefined
      ? ["tokenizerPath", tokenizerPath]
      : await besideCheckpoint(part, configPath, path);
    const tokenizer = await readTokenizer(setting, folder, { ids: config.vocabulary });
    for (const [name, bytes] of tokenizer.files) files[`${part}/${name}`] = bytes;
    const { padId, vocab } = tokenizer.vocabulary;
    const padsWithMark = kind === "sd2" || i === 1;
    if (padsWithMark && padId !== vocab["!"]) {
      notes.push(`${folder} pads with token ${padId}, ${KIND_NAMES[kind]} was trained with "!"`);
    }
  }
  return { files, notes };
}

async function besideCheckpoint(
  part: string,
  configPath: string | undefined,
  path: string,
): Promise<[setting: string, folder: string]> {
  const beside = dirname(path);
  const places: [setting: string, folder: string][] = [
    ["checkpointPath", join(beside, part)],
    ["checkpointPath", beside],
  ];
  if (configPath !== undefined) places.unshift(["configPath", join(configPath, part)]);
  for (const [setting, folder] of places) {
    // Folders that do not exist or may not be read are skipped.
    if (isTokenizer(await listFolder(setting, folder).catch(() => []))) return [setting, folder];
  }
  throw new UsageError(
    (name) => `${path} holds no tokenizer: wanted ${name("tokenizerPath")} DIR`,
    {
      hint: "the folder tokenizer of a diffusers model of the same kind, or vocab.json and " +
        "merges.txt of openai/clip-vit-large-patch14",
    },
  );
}
