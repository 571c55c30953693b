/** Resolves paths of files that ship with parataa, from any working directory. @module */
import { join } from "node:path";

/** Path of a file or folder of the project. */
export function projectPath(name: string): string {
  return join(import.meta.dirname ?? ".", "..", "..", name);
}

/**
 * The given path if it exists, else the project file of that name, so that the examples of `--help`
 * work from any folder.
 */
export async function givenOrProjectFile(path: string): Promise<string> {
  const lies = (path: string) => Deno.stat(path).then(() => true, () => false);
  return !await lies(path) && await lies(projectPath(path)) ? projectPath(path) : path;
}
