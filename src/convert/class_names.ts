/** Names of the classes for a converted model. @module */
import { FormatError } from "../errors.ts";
import { isJsonObject, type JsonValue, readJson } from "../formats/json.ts";
import { readUserFile } from "../storage/user_file.ts";

/** Names `class 0`, `class 1`, … of classes without names. */
export function numberedClasses(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `class ${i}`);
}

/**
 * Reads class names from a JSON file: a list, an object by number, or an object with such an object
 * as `id2label`, as in diffusers' and transformers' configurations.
 *
 * @throws {FormatError} if the file does not hold `count` names
 */
export async function readClassNames(
  setting: string,
  path: string,
  count: number,
): Promise<string[]> {
  const root = readJson(await readUserFile(setting, path), { file: path });
  const table = isJsonObject(root) && root.id2label !== undefined ? root.id2label : root;
  const names: readonly (JsonValue | undefined)[] | undefined = Array.isArray(table)
    ? table
    : isJsonObject(table)
    ? Object.keys(table).map((_, i) => table[String(i)])
    : undefined;
  const fits = names?.length === count && names.every((name) => typeof name === "string");
  if (fits) return names as string[];
  throw new FormatError((name) =>
    `${name(setting)} ${path} has ${
      names?.length ?? "no"
    } names from 0 on, the model has ${count} classes`
  );
}
