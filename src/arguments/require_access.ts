/** Refuses paths that may not be used before anything native is opened and anything is made. @module */
import { PermissionError } from "../errors.ts";
import { resolveFile } from "../formats/real_file.ts";
import { unreadable } from "../storage/user_file.ts";
import { pathAccess } from "./flag.ts";
import { flagName } from "./setting_names.ts";
import type { SettingValues, Settling } from "./settle.ts";
import { TASKS } from "./tasks.ts";

/**
 * A permission must mean the files that it names.
 *
 * @throws {PermissionError} naming setting and path
 */
export async function requireAccess({ settings, given }: Settling): Promise<void> {
  const values: SettingValues = { ...settings };
  for (const setting of given) {
    const name = flagName(setting), flag = TASKS[settings.task].flags[name];
    const access = pathAccess(flag), path = values[setting];
    if (typeof path !== "string" || flag.type !== "string" || path === flag.default) continue;
    if (access === "write") await requireWritable(setting, path);
    // Libraries are opened without being read.
    else if (access === "read" && name !== "ort_lib") {
      await resolveFile(path).catch((cause) => {
        const refused = unreadable(setting, path, cause);
        if (refused) throw refused; // what is missing or broken is named by whoever needs it
      });
    }
  }
}

/** Refuses an output path that may not be both read and written; it need not be there yet. */
export async function requireWritable(setting: string, path: string): Promise<void> {
  for (const name of ["write", "read"] as const) {
    if ((await Deno.permissions.query({ name, path })).state === "granted") continue;
    const hint = `Requires ${name} access to "${path}", run again with the --allow-${name} flag`;
    throw new PermissionError((spell) => `${spell(setting)} ${path} may not be used`, { hint });
  }
}
