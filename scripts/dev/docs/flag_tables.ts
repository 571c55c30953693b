/** Generates the tables of docs/flags.md from the flag tables of the commands. @module */
import { FLAG_GROUPS, type FlagTable } from "../../../src/arguments/flag.ts";
import { limits, methods, valueWord } from "../../../src/cli/help.ts";

/** Flag tables by the name of their command. */
export type CommandFlags = ReadonlyMap<string, FlagTable>;

/** The commands that share most of their flags. */
export const SAMPLING: readonly string[] = ["dit", "flow", "sd", "sd-winit"];

interface Row {
  name: string;
  group: string;
  /** Cells of the Markdown table, by column. */
  flag: string;
  takes: string;
  help: string;
}

/**
 * Returns one table for each group of the sampling commands' flags. A flag that only some of the
 * commands have names them.
 */
export function samplingTables(flags: CommandFlags): string {
  const rows = new Map<string, { row: Row; commands: string[] }>();
  for (const command of SAMPLING) {
    for (const row of rowsOf(flags.get(command)!)) {
      const known = rows.get(keyOf(row));
      if (known) known.commands.push(command);
      else rows.set(keyOf(row), { row, commands: [command] });
    }
  }
  const marked = [...rows.values()].map(({ row, commands }) =>
    commands.length === SAMPLING.length
      ? row
      : { ...row, help: `${row.help} (${commands.map((name) => `\`${name}\``).join(", ")})` }
  );
  return FLAG_GROUPS.map((group) =>
    `### ${group}\n\n${table(marked.filter((row) => row.group === group))}`
  ).join("\n\n");
}

/**
 * Returns a table of the flags that only this command has, and the names of those in the sampling
 * tables.
 */
export function commandTables(flags: CommandFlags): string {
  const described = new Set(
    SAMPLING.flatMap((command) => rowsOf(flags.get(command)!).map(keyOf)),
  );
  const sections = [...flags].filter(([command]) => !SAMPLING.includes(command));
  return sections.map(([command, own]) => {
    const rows = rowsOf(own).filter((row) => !described.has(keyOf(row)));
    const shared = rowsOf(own).filter((row) => described.has(keyOf(row)));
    const parts = [`### \`${command}\``];
    if (rows.length > 0) parts.push(table(rows));
    if (shared.length > 0) parts.push(sharedText(shared, flags.get(SAMPLING[0])!));
    return parts.join("\n\n");
  }).join("\n\n");
}

/** Names the flags in the sampling tables, or the few of the first command that are missing. */
function sharedText(shared: readonly Row[], all: FlagTable): string {
  const names = new Set(shared.map(({ name }) => name));
  const missing = Object.keys(all).filter((name) => !names.has(name));
  const list = (flags: Iterable<string>) => [...flags].map((name) => `\`--${name}\``).join(", ");
  const areAllItsOwn = [...names].every((name) => name in all);
  return areAllItsOwn && missing.length < names.size / 2
    ? `Shared with \`${SAMPLING[0]}\`: all flags but ${list(missing)}.`
    : `Shared with the sampling commands: ${list(names)}.`;
}

function rowsOf(flags: FlagTable): Row[] {
  return Object.entries(flags).map(([name, flag]) => {
    const short = flag.short ? `\`-${flag.short}\`, ` : "";
    const aliases = (flag.aliases ?? []).map((alias) => `, \`--${alias}\``).join("");
    return {
      name,
      group: flag.group,
      flag: `${short}\`--${name}\`${aliases}`,
      takes: code(`${valueWord(flag)} ${limits(flag)}`.trim()),
      help: cell(flag.help + methods(name)),
    };
  });
}

function keyOf({ flag, takes, help }: Row): string {
  return JSON.stringify([flag, takes, help]);
}

/** Returns a code span, or nothing for an empty text. */
function code(text: string): string {
  return text && `\`${text.replaceAll("|", "\\|")}\``;
}

/** Escapes a text for a table cell. Names of flags become code. */
function cell(text: string): string {
  return text.replace(/[|\\*<>]/g, "\\$&").replace(/--\w+/g, "`$&`");
}

function table(rows: readonly Row[]): string {
  const lines = rows.map(({ flag, takes, help }) => `| ${flag} | ${takes} | ${help} |`);
  return ["| flag | value | meaning |", "| --- | --- | --- |", ...lines].join("\n");
}
