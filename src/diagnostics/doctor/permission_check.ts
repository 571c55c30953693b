/** Checks which permissions `doctor` lacks. @module */
import { permissionFlags, type Permissions } from "../../arguments/permissions.ts";
import { projectPath } from "../../storage/project_path.ts";
import type { Check } from "./check.ts";

/**
 * Compares the granted permissions with those that `doctor` needs, without prompting. Permissions
 * of other commands are granted when those start.
 *
 * @param hint command line with all permissions
 * @returns an empty list if nothing is missing
 */
export async function checkPermissions(needed: Permissions, hint: string): Promise<Check[]> {
  const missing = permissionFlags(await missingPermissions(needed));
  if (missing.length === 0) return [];
  const text = `doctor lacks ${missing.join(" ")}`;
  return [{ name: "permissions", state: "note", text, hint, data: missing }];
}

/** Missing permissions of a command. */
async function missingPermissions(permissions: Permissions): Promise<Permissions> {
  const lacks = async (descriptor: Deno.PermissionDescriptor) =>
    (await Deno.permissions.query(descriptor)).state !== "granted";
  const those = async <T>(items: readonly T[] = [], of: (item: T) => Deno.PermissionDescriptor) => {
    const states = await Promise.all(items.map((item) => lacks(of(item))));
    const left = items.filter((_, i) => states[i]);
    return left.length > 0 ? left : undefined;
  };
  const kind = (name: string) => ({ name: "sys", kind: name }) as Deno.SysPermissionDescriptor;
  return {
    ffi: permissions.ffi && await lacks({ name: "ffi" }) ? true : undefined,
    sys: await those(permissions.sys, kind),
    read: await those(permissions.read, (path) => ({ name: "read", path: projectPath(path) })),
    write: await those(permissions.write, (path) => ({ name: "write", path: projectPath(path) })),
    env: await those(permissions.env, (variable) => ({ name: "env", variable })),
  };
}
