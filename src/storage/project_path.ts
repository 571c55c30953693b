/** Paths of what ships with parataa, wherever a script is started from. @module */
import { join } from "node:path";

/** Path of a file or folder of the project. */
export function projectPath(name: string): string {
  return join(import.meta.dirname ?? ".", "..", "..", name);
}

/** A path as it was given; where nothing lies there, what ships by that name, so that the examples in `--help` serve everywhere. */
export async function givenOrShipped(path: string): Promise<string> {
  const lies = (path: string) => Deno.stat(path).then(() => true, () => false);
  return !await lies(path) && await lies(projectPath(path)) ? projectPath(path) : path;
}
