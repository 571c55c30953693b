/** Reads the class names of a model from `id2label` of `model_index.json`. @module */
import { ModelError } from "../errors.ts";
import { isJsonObject } from "../formats/json.ts";
import type { ModelFolder } from "./model_folder.ts";

/** Names of every class, by class number. The first name is the one shown. */
export type ClassNames = readonly (readonly string[])[];

/**
 * Reads the names: class numbers from 0 without a gap, each with comma-separated names, as
 * diffusers writes them.
 *
 * @throws {ModelError} if the names are missing or a number is left out
 */
export function readClassNames({ path, index }: ModelFolder): ClassNames {
  const labels = index.id2label;
  const where = `${path}/model_index.json: id2label`;
  if (!isJsonObject(labels)) {
    throw new ModelError(`${where} is missing, wanted the class names by number`);
  }
  return Object.keys(labels).map((_, number) => {
    const names = labels[String(number)];
    if (typeof names !== "string") {
      throw new ModelError(`${where} has no names for class ${number}`);
    }
    return names.split(",").map((name) => name.trim());
  });
}
