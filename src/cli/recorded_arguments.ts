/** Arguments that an earlier run recorded, for `--args_from`. @module */
import { UsageError } from "../errors.ts";
import { isJsonObject, type JsonObject, readJson } from "../formats/json.ts";
import { PNG_SIGNATURE } from "../formats/png.ts";
import { readPngText } from "../formats/png_text.ts";
import { readUserFile } from "./user_file.ts";

/** Keyword of our own PNG text chunk. */
export const PNG_KEYWORD = "parataa";

/**
 * Reads the arguments of a `manifest.json` or of a picture written by a run.
 *
 * @throws {UsageError} when there is no such file or it holds none
 * @throws {FormatError} when the file is damaged
 */
export async function readRecordedArguments(file: string): Promise<JsonObject> {
  const bytes = await readUserFile("args_from", file);
  const isPng = PNG_SIGNATURE.every((byte, i) => bytes[i] === byte);
  const json = isPng ? readPngText(bytes, { file }).get(PNG_KEYWORD) : undefined;
  const record = isPng && json === undefined
    ? undefined
    : readJson(isPng ? new TextEncoder().encode(json) : bytes, { file });
  const recorded = isJsonObject(record) ? record.arguments : undefined;
  if (!isJsonObject(recorded)) {
    throw new UsageError(`--args_from ${file} holds no arguments`, {
      hint: "it takes a manifest.json or a PNG that a run wrote",
    });
  }
  return recorded;
}
