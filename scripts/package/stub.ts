/** The shell stub of the single file, its blanks filled in. @module */
import { COMMANDS } from "../../src/cli/commands.ts";
import type { FlagTable } from "../../src/arguments/flag.ts";
import { permissionFlags } from "../../src/cli/permissions.ts";
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
  const { version, id, entries, unpackerBytes, archiveBytes } = parts;
  for (const { path } of entries) {
    if (!/^[\w@+.\/-]+$/.test(path)) throw new Error(`${path}: the stub's lists part at spaces`);
  }
  // The offsets stand in the text whose length they depend on: they settle in a turn or two.
  for (let length = template.length;;) {
    const blanks: Record<string, string | number> = {
      ...{ VERSION: version, ID: id, COMMANDS: cases },
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

/** What each command of the table is allowed: its permissions, and the paths on its command line. */
export async function commandCases(): Promise<string> {
  const cases: string[] = [];
  for (const [name, { permissions, operand, load }] of Object.entries(COMMANDS)) {
    const { read = [], env = [], ...rest } = permissions;
    // The rest lies in the unpacked folder, which is readable as a whole.
    const outside = read.filter((path) => !/^(models|src|ffi|node_modules\/.*)$/.test(path));
    const flags = permissionFlags({ ...rest, ...(outside.length ? { read: outside } : {}) });
    const tables = [(await load()).flags];
    // `verify dit` takes the flags of `dit`.
    for (const word of operand?.words ?? []) tables.push((await COMMANDS[word].load()).flags);
    const { reads, writes } = pathFlags(
      Object.assign({}, ...tables),
      permissions.write !== undefined,
    );
    cases.push(
      `  ${name})`,
      `    flags='${flags.map((flag) => `\n${flag}`).join("")}' env='${env.join(",")}'`,
      `    native=${rest.ffi ? 1 : ""} operands=${operand?.path ? 1 : ""}`,
      `    reads='${reads.join(" ")}'`,
      `    writes='${writes.join(" ")}' ;;`,
    );
  }
  return cases.join("\n");
}

/** Spellings of the flags whose values are paths to be read, and to be written too. */
function pathFlags(table: FlagTable, mayWrite: boolean): { reads: string[]; writes: string[] } {
  const lists = { reads: [] as string[], writes: [] as string[] };
  for (const [name, flag] of Object.entries(table)) {
    if (flag.type !== "string" || (flag.value !== "DIR" && flag.value !== "FILE")) continue;
    const long = [name, ...(flag.aliases ?? [])];
    const spellings = new Set(
      long.flatMap((word) => [`--${word}`, `--${word.replaceAll("_", "-")}`]),
    );
    if (flag.short) spellings.add(`-${flag.short}`);
    lists[mayWrite && flag.group === "Output" ? "writes" : "reads"].push(...spellings);
  }
  return lists;
}
