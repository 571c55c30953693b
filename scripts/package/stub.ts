/**
 * The shell stub of the single file and the launcher of a clone, their blanks filled in.
 * @module
 */
import { join } from "node:path";
import { COMMANDS } from "../../src/cli/commands/commands.ts";
import { loadCommand } from "../../src/cli/commands/load_command.ts";
import { type FlagTable, pathAccess } from "../../src/arguments/flag.ts";
import { permissionFlags } from "../../src/arguments/permissions.ts";
import type { ArchiveEntry } from "./archive.ts";

/** Where what lies behind the stub. */
export interface Parts {
  version: string;
  id: string;
  entries: readonly ArchiveEntry[];
  unpackerBytes: number;
  archiveBytes: number;
}

/**
 * The stub's text.
 *
 * @param template `stub.sh`
 * @param cases what each command is allowed, lines of a shell's `case`
 */
export function stubText(template: string, cases: string, parts: Parts): string {
  template = withGrants(template, cases);
  const { version, id, entries, unpackerBytes, archiveBytes } = parts;
  for (const { path } of entries) {
    if (!/^[\w@+.\/-]+$/.test(path)) throw new Error(`${path}: the stub's lists part at spaces`);
  }
  // The offsets stand in the text whose length they depend on: they settle in a turn or two.
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

/** The text of `./parataa`, which starts the commands of a clone. */
export async function launcherText(): Promise<string> {
  const template = await Deno.readTextFile(join(import.meta.dirname!, "launcher.sh"));
  return withGrants(template, await commandCases({ own: true }));
}

/**
 * A script with the functions of `grants.sh`, which allow what a line names, and what each command
 * may do.
 */
function withGrants(template: string, cases: string): string {
  const grants = Deno.readTextFileSync(join(import.meta.dirname!, "grants.sh"));
  const fill = (text: string, name: string, value: string) =>
    text.replace(`@${name}@`, () => value.trimEnd());
  return fill(template, "GRANTS", fill(grants, "COMMANDS", cases));
}

/**
 * What each command of the table is allowed: its permissions, and the paths on its command line.
 *
 * @param options.own name the project's own files that a command reads; in the single file all of
 * them are readable
 */
export async function commandCases({ own = false } = {}): Promise<string> {
  const cases: string[] = [];
  for (const [name, { permissions, operand }] of Object.entries(COMMANDS)) {
    const { read = [], env = [], net = [], ...rest } = permissions;
    const isOwn = (path: string) => /^(models|src|ffi|node_modules\/.*)$/.test(path);
    // A folder that is written to is that of the folder where the command is started.
    const outside = read.filter((path) => !isOwn(path) || rest.write?.includes(path));
    const flags = permissionFlags({ ...rest, ...(outside.length ? { read: outside } : {}) });
    const tables = [(await loadCommand(name)).flags];
    // `verify dit` takes the flags of `dit`.
    for (const word of operand?.words ?? []) tables.push((await loadCommand(word)).flags);
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
 * What a command reads of the project itself; of the packages all, since a JPEG's decoder lies deep
 * among them.
 */
function ownPaths(read: readonly string[]): string[] {
  return read.filter((path) => path !== "output")
    .map((path) => path.replace(/^node_modules\/.*/, "node_modules"));
}

/** Spellings of the flags whose values are paths to be read, and to be written too. */
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
