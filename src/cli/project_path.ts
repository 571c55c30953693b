/** Paths of what ships with parataa, wherever a script is started from. @module */
import { join } from "node:path";

/** Path of a file or folder of the project. */
export function projectPath(name: string): string {
  return join(import.meta.dirname ?? ".", "..", "..", name);
}
