/** Checks access to all paths before native code is loaded or files are created. @module */
import { PermissionError } from "../errors.ts";
import { resolveFile } from "../formats/real_file.ts";
import { unreadable } from "../storage/user_file.ts";
import { pathAccess } from "./flag.ts";
import { flagName } from "./setting_names.ts";
import type { SettingValues, ValidatedSettings } from "./resolve_settings.ts";
import { TASKS } from "./tasks.ts";

/**
 * Checks that every given path is permitted.
 *
 * @throws {PermissionError} naming setting and path
 */
export async function requireAccess({ settings, given }: ValidatedSettings): Promise<void> {
  const values: SettingValues = { ...settings };
  for (const setting of given) {
    const name = flagName(setting), flag = TASKS[settings.task].flags[name];
    const access = pathAccess(flag), path = values[setting];
    if (typeof path !== "string" || flag.type !== "string" || path === flag.default) continue;
    if (access === "write") await requireWritable(setting, path);
    // Libraries are opened without read access.
    else if (access === "read" && name !== "ort_lib") {
      await resolveFile(path).catch((cause) => {
        const refused = unreadable(setting, path, cause);
        if (refused) throw refused; // missing or damaged files are reported by their readers
      });
    }
  }
}

/** Checks that an output path, which need not exist, is permitted for reading and writing. */
export async function requireWritable(setting: string, path: string): Promise<void> {
  for (const name of ["write", "read"] as const) {
    if ((await Deno.permissions.query({ name, path })).state === "granted") continue;
    const hint = `Requires ${name} access to "${path}", run again with the --allow-${name} flag`;
    throw new PermissionError((spell) => `${spell(setting)} ${path} may not be used`, { hint });
  }
}
