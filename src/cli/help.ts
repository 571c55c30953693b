/** `--help`, generated from the flag table, and `--version`. @module */
import { VERSION } from "../version.ts";
import { describeRange, type Flag, FLAG_GROUPS, type FlagTable } from "../arguments/flag.ts";
import { COLUMNS, NO_BREAK, wrap } from "../formats/wrap.ts";
import { printText } from "./print.ts";
import { withProgramName } from "./program_name.ts";
import { METHODS, SOLVER_FLAGS } from "../arguments/methods.ts";

/** Text above the flags in `--help`. */
export interface ScriptSummary {
  /** Name of the script, without its extension. */
  name: string;
  /** Description of one or two lines. */
  about: string;
  /** An example command line. */
  example: string;
}

/** Column where the descriptions of the flags begin. */
const HELP_COLUMN = 30;

/** Flags that most users need first. The first five that a command has are listed on top. */
const FIRST = [
  ...["class_labels", "prompt", "prompt1", "prompt2", "variation_steps"],
  ...["model_path", "output_path", "num_samples", "seed"],
];
const MAX_FIRST = 5;

/** Minimum number of flags for a separate first section. */
const LONG_TABLE = 20;

const FOOT = "Flag names accept - in place of _. Exit codes: 0 ok, 2 usage, 3 model or input, " +
  "4 permission, 5 file system, 6 NaN or infinity, 7 library or device, 8 network, 9 busy, 10 mismatch, " +
  "11 not verified, 70 internal error, 129/130/143 stopped.";

/** Text of `--help`, in lines of at most 80 columns. */
export function helpText(summary: ScriptSummary, table: FlagTable): string {
  const lines = [...wrap(summary.about), "", ...exampleLines(summary.example)];
  for (const [title, names] of sections(table)) {
    if (names.length > 0) {
      lines.push("", `${title}:`, ...names.flatMap((name) => flagLines(name, table[name])));
    }
  }
  return [...lines, "", ...wrap(FOOT.replace(/(?<=\d) /g, NO_BREAK))].join("\n");
}

/** Titles of the sections with the flags in each; a flag is in one section. */
function sections(table: FlagTable): [title: string, names: string[]][] {
  const names = Object.keys(table);
  const known = FIRST.filter((name) => name in table).slice(0, MAX_FIRST);
  const first = names.length > LONG_TABLE && known.length === MAX_FIRST ? known : [];
  return [
    ["First", first],
    ...FLAG_GROUPS.map((group): [string, string[]] => [
      group,
      names.filter((name) => table[name].group === group && !first.includes(name)),
    ]),
  ];
}

/** Lines of the example, joined by backslashes so that it can be pasted. */
function exampleLines(example: string): string[] {
  const lines = wrap(withProgramName(example), COLUMNS - "Example: ".length - " \\".length);
  return lines.map((line, i) =>
    `${i === 0 ? "Example: " : "  "}${line}${i < lines.length - 1 ? " \\" : ""}`
  );
}

/** Text of `--version`. */
export function versionText(): string {
  return `parataa ${VERSION} (Deno ${Deno.version.deno})`;
}

/** Prints `--help` or `--version` if given, before any other flag is parsed. Needs no library. */
export function printHelpOrVersion(
  command: { summary: ScriptSummary; flags: FlagTable },
  argv: readonly string[],
): boolean {
  if (argv.includes("--help") || argv.includes("-h")) {
    printText(helpText(command.summary, command.flags));
  } else if (argv.includes("--version")) {
    printText(versionText());
  } else return false;
  return true;
}

function flagLines(name: string, flag: Flag): string[] {
  const short = flag.short ? `-${flag.short}, ` : "    ";
  const spelled = `  ${short}--${name}${valueWord(flag)}`;
  const aliases = flag.aliases?.length
    ? ` (also ${flag.aliases.map((a) => `--${a}`).join(", ")})`
    : "";
  const text = `${flag.help}${aliases}${methods(name)}`;
  const limit = limits(flag).replaceAll(" ", NO_BREAK);
  const lines = wrap(`${text}${limit && ` ${limit}`}`, COLUMNS - HELP_COLUMN);
  const indented = lines.map((line) => " ".repeat(HELP_COLUMN) + line);
  if (spelled.length > HELP_COLUMN - 2) return [...breakChoices(spelled), ...indented];
  return [spelled.padEnd(HELP_COLUMN) + lines[0], ...indented.slice(1)];
}

/** Lines of a flag with its value, broken between choices at the terminal's width. */
function breakChoices(spelled: string): string[] {
  const at = spelled.length > COLUMNS ? spelled.lastIndexOf("|", COLUMNS - 1) + 1 : 0;
  if (at === 0) return [spelled];
  return [spelled.slice(0, at), ...breakChoices(" ".repeat(8) + spelled.slice(at))];
}

/** The methods that use a solver flag, if not all parallel methods do. */
export function methods(name: string): string {
  const users = METHODS.filter((method) => SOLVER_FLAGS[method].includes(name));
  return users.length > 0 && users.length < METHODS.length - 1 ? ` (${users.join(", ")} only)` : "";
}

/**
 * Placeholder of a flag's value in the help, with a leading space; empty for a flag without value.
 */
export function valueWord(flag: Flag): string {
  switch (flag.type) {
    case "boolean":
      return "";
    case "choice":
      return ` ${flag.choices.join("|")}`;
    case "string":
      return ` ${flag.value}`;
    default:
      return " N";
  }
}

/** Range and default of a flag in brackets; empty if it has neither. */
export function limits(flag: Flag): string {
  const parts: string[] = [];
  if (flag.type === "integer" || flag.type === "number") parts.push(describeRange(flag));
  if (flag.type !== "boolean" && flag.default !== undefined && flag.default !== "") {
    parts.push(`default ${flag.default}`);
  }
  return parts.length ? `[${parts.join("; ")}]` : "";
}
