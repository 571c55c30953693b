/**
 * Writes `./parataa`, the launcher of a clone. A test compares it with the tables of commands and
 * flags.
 * @module
 */
import { join } from "node:path";
import { ROOT } from "./contents.ts";
import { launcherText } from "./stub.ts";

if (import.meta.main) {
  const file = join(ROOT, "parataa");
  await Deno.writeTextFile(file, await launcherText());
  await Deno.chmod(file, 0o755);
}
