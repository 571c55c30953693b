/**
 * Writes `./parataa` and `parataa.cmd`, the launchers of a clone. A test compares them with the
 * tables of commands and flags.
 * @module
 */
import { join } from "node:path";
import { ROOT } from "./contents.ts";
import { launcherText, windowsLauncherText } from "./stub.ts";

if (import.meta.main) {
  const file = join(ROOT, "parataa");
  await Deno.writeTextFile(file, await launcherText());
  await Deno.chmod(file, 0o755);
  await Deno.writeTextFile(join(ROOT, "parataa.cmd"), await windowsLauncherText());
}
