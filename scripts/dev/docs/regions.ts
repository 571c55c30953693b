/**
 * Fills the generated regions of Markdown files, from `<!-- generated: name -->` to `<!-- end -->`.
 * @module
 */
import { permissionTable } from "../../../src/arguments/permissions.ts";
import { COMMANDS } from "../../../src/cli/commands/commands.ts";
import { loadCommand } from "../../../src/cli/commands/load_command.ts";
import { commandTables, samplingTables } from "./flag_tables.ts";

const REGION = /(<!-- generated: ([\w-]+) -->\n)[^]*?(\n<!-- end -->)/g;

/** Files with generated regions. */
export const FILES: readonly string[] = [
  ...["docs/command-line.md", "docs/flags.md", "docs/permissions.md"],
];

/** Returns the text of every region, by name. */
export async function regionTexts(): Promise<ReadonlyMap<string, string>> {
  const names = Object.keys(COMMANDS);
  const commands = await Promise.all(names.map(loadCommand));
  const flags = new Map(names.map((name, i) => [name, commands[i].flags]));
  return new Map([
    ["commands", commandList()],
    ["sampling-flags", samplingTables(flags)],
    ["command-flags", commandTables(flags)],
    ["permissions", permissionTable(COMMANDS)],
  ]);
}

/**
 * Replaces every region of a file's text.
 *
 * @throws {RangeError} if a region has no text
 */
export function fillRegions(markdown: string, texts: ReadonlyMap<string, string>): string {
  return markdown.replace(REGION, (_, head, name, foot) => {
    const text = texts.get(name);
    if (text === undefined) throw new RangeError(`no text for the region ${name}`);
    return `${head}\n${text}\n${foot}`;
  });
}

function commandList(): string {
  const rows = Object.entries(COMMANDS).map(([name, { about }]) => `| \`${name}\` | ${about} |`);
  return ["| command | purpose |", "| --- | --- |", ...rows].join("\n");
}
