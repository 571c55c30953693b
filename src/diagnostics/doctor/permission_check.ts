/** Which scripts could run with the permissions of this process. @module */
import { COMMANDS } from "../../cli/commands.ts";
import { permissionFlags, type Permissions } from "../../cli/permissions.ts";
import type { Check } from "./check.ts";

/** Looks at what is granted here; nothing prompts. */
export async function checkPermissions(): Promise<Check> {
  const missing: Record<string, string[]> = {};
  for (const [name, { permissions }] of Object.entries(COMMANDS)) {
    missing[name] = permissionFlags(await lacking(permissions));
  }
  const lines = Object.entries(missing).map(([name, flags]) =>
    `${name}: ${flags.length === 0 ? "all granted" : `lacks ${flags.join(" ")}`}`
  );
  return {
    name: "permissions",
    state: Object.values(missing).every((flags) => flags.length === 0) ? "ok" : "note",
    text: ["here, by script:", ...lines].join("\n"),
    hint: "`deno task NAME` and the README's lines grant each script all that it needs",
    data: missing,
  };
}

/** What of a script's permissions this process lacks. */
async function lacking(permissions: Permissions): Promise<Permissions> {
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
    read: await those(permissions.read, (path) => ({ name: "read", path })),
    write: await those(permissions.write, (path) => ({ name: "write", path })),
    env: await those(permissions.env, (variable) => ({ name: "env", variable })),
  };
}
