/**
 * Generates the stub of the single file and the launcher of a clone from their templates.
 * @module
 */
import { join } from "node:path";
import { COMMANDS } from "../../src/cli/commands/commands.ts";
import { loadCommand } from "../../src/cli/commands/load_command.ts";
import { type FlagTable, pathAccess } from "../../src/arguments/flag.ts";
import { permissionFlags } from "../../src/arguments/permissions.ts";
import type { ArchiveEntry } from "./archive.ts";

/** Values of the stub: version, files, sizes. */
export interface Parts {
  version: string;
  id: string;
  entries: readonly ArchiveEntry[];
  unpackerBytes: number;
  archiveBytes: number;
}

/**
 * Returns the stub's text.
 *
 * @param template content of `stub.sh`
 * @param cases permissions of each command, as lines of a shell's `case`
 */
export function stubText(template: string, cases: string, parts: Parts): string {
  template = withGrants(template, cases);
  const { version, id, entries, unpackerBytes, archiveBytes } = parts;
  for (const { path } of entries) {
    if (!/^[\w@+.\/-]+$/.test(path)) {
      throw new Error(`${path}: wanted a name without spaces, which separate the stub's lists`);
    }
  }
  // The text contains offsets that depend on its own length: repeat until they are consistent.
  for (let length = template.length;;) {
    const blanks: Record<string, string | number> = {
      ...{ VERSION: version, ID: id },
      FILES: entries.map(({ path }) => path).join(" "),
      TOTAL: entries.reduce((sum, { size }) => sum + size, 0),
      // `tail -c +N` counts from 1.
      ...{ UNPACKER_AT: length + 1, UNPACKER_BYTES: unpackerBytes },
      ARCHIVE_AT: length + unpackerBytes,
      DENO_AT: length + unpackerBytes + archiveBytes + 1,
    };
    const text = template.replace(/@([A-Z_]+)@/g, (_, name) => String(blanks[name]));
    const bytes = new TextEncoder().encode(text).length;
    if (bytes === length) return text;
    length = bytes;
  }
}

/** Returns the text of `./parataa`, which starts the commands of a clone. */
export async function launcherText(): Promise<string> {
  const template = await Deno.readTextFile(join(import.meta.dirname!, "launcher.sh"));
  return withGrants(template, await commandCases({ own: true }));
}

/** Returns the text of `parataa.cmd`, which grants the permission sets of deno.json. */
export async function windowsLauncherText(): Promise<string> {
  const template = await Deno.readTextFile(join(import.meta.dirname!, "launcher.cmd"));
  const sets = Object.keys(COMMANDS).filter((name) =>
    permissionFlags(COMMANDS[name].permissions).length > 0
  );
  return template.replace("@COMMANDS@", sets.join(" "));
}

/** Inserts the functions of `grants.sh` and the permissions of each command into a script. */
function withGrants(template: string, cases: string): string {
  const grants = Deno.readTextFileSync(join(import.meta.dirname!, "grants.sh"));
  const fill = (text: string, name: string, value: string) =>
    text.replace(`@${name}@`, () => value.trimEnd());
  return fill(template, "GRANTS", fill(grants, "COMMANDS", cases));
}

/**
 * Returns the permissions of each command of the table, and the flags whose values are paths.
 *
 * @param options.own list the project's own files that a command reads; the single file may read
 * all of them
 */
export async function commandCases({ own = false } = {}): Promise<string> {
  const cases: string[] = [];
  for (const [name, { permissions, operand }] of Object.entries(COMMANDS)) {
    const { read = [], env = [], net = [], ...rest } = permissions;
    const isOwn = (path: string) => /^(models|src|ffi|node_modules\/.*)$/.test(path);
    // A folder that is written to lies below the current folder.
    const outside = read.filter((path) => !isOwn(path) || rest.write?.includes(path));
    const flags = permissionFlags({ ...rest, ...(outside.length ? { read: outside } : {}) });
    const tables = [(await loadCommand(name)).flags];
    // `verify dit` accepts the flags of `dit`.
    for (const word of operand?.words ?? []) {
      if (Object.hasOwn(COMMANDS, word)) tables.push((await loadCommand(word)).flags);
    }
    const { reads, writes } = pathFlags(
      Object.assign({}, ...tables),
      permissions.write !== undefined,
    );
    cases.push(
      `  ${name})`,
      `    flags='${flags.map((flag) => `\n${flag}`).join("")}' env='${env.join(",")}' net='${
        net.join(",")
      }'`,
      `    native=${rest.ffi ? 1 : ""} operands=${operand?.path ? 1 : ""}`,
      ...own ? [`    own='${ownPaths(read).join(" ")}'`] : [],
      `    reads='${reads.join(" ")}'`,
      `    writes='${writes.join(" ")}' ;;`,
    );
  }
  return cases.join("\n");
}

/**
 * Returns the project's files that a command reads. All packages are included, since a JPEG decoder
 * is nested deep among them.
 */
function ownPaths(read: readonly string[]): string[] {
  return read.filter((path) => path !== "output")
    .map((path) => path.replace(/^node_modules\/.*/, "node_modules"));
}

/** Returns the spellings of the flags whose values are paths, those to read and those to write. */
function pathFlags(table: FlagTable, mayWrite: boolean): { reads: string[]; writes: string[] } {
  const lists = { reads: [] as string[], writes: [] as string[] };
  for (const [name, flag] of Object.entries(table)) {
    const access = pathAccess(flag);
    if (access === undefined) continue;
    const long = [name, ...(flag.aliases ?? [])];
    const spellings = new Set(
      long.flatMap((word) => [`--${word}`, `--${word.replaceAll("_", "-")}`]),
    );
    if (flag.short) spellings.add(`-${flag.short}`);
    lists[mayWrite && access === "write" ? "writes" : "reads"].push(...spellings);
  }
  return lists;
}
