/** `--list_classes`: prints the classes of a model without opening a network. @module */
import { printLine } from "../print.ts";
import { escapeInvisible } from "../../text.ts";
import { readClassNames } from "../../models/class_names.ts";
import { ModelFolder } from "../../models/model_folder.ts";

/**
 * Prints the number and names of every class, or one JSON object.
 *
 * @throws {ModelError} when the model names no classes
 */
export async function listClasses(path: string, { json }: { json: boolean }): Promise<void> {
  const classes = readClassNames(await ModelFolder.open(path, { networks: [] }));
  if (json) {
    const entries = classes.map((names, number) => ({ class: number, names }));
    return printLine(JSON.stringify({ model: path, classes: entries }));
  }
  const width = String(classes.length - 1).length;
  for (const [number, names] of classes.entries()) {
    printLine(`${String(number).padStart(width)}  ${escapeInvisible(names.join(", "))}`);
  }
}
