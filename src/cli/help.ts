/** `--help`, made from the flag table, and `--version`. @module */
import { VERSION } from "../version.ts";
import { describeRange, type Flag, FLAG_GROUPS, type FlagTable } from "../arguments/flag.ts";
import { COLUMNS, NO_BREAK, wrap } from "../formats/wrap.ts";
import { printText } from "./print.ts";
import { inOurWords } from "./program_name.ts";
import { METHODS, SOLVER_FLAGS } from "../arguments/methods.ts";

/** What a script says of itself above its flags. */
export interface ScriptSummary {
  /** Name of the script, without its extension. */
  name: string;
  /** What it does, one or two lines. */
  about: string;
  /** A command line to start from. */
  example: string;
}

/** Where the words on a flag begin. */
const HELP_COLUMN = 30;

/** What most people need first; the first five of them that a command has are listed on top. */
const FIRST = [
  ...["class_labels", "prompt", "prompt1", "prompt2", "variation_steps"],
  ...["model_path", "output_path", "num_samples", "seed"],
];
const MOST_FIRST = 5;

/** A command with fewer flags is seen at a glance. */
const LONG_TABLE = 20;

const FOOT = "Flag names accept - in place of _. Exit codes: 0 ok, 2 usage, 3 model or input, " +
  "4 permission, 5 file system, 6 NaN or infinity, 7 library or device, 8 network, 9 busy, 10 mismatch, " +
  "11 not verified, 70 internal error, 129/130/143 stopped.";

/** The whole text of `--help`, in lines of at most 80 columns. */
export function helpText(summary: ScriptSummary, table: FlagTable): string {
  const lines = [...wrap(summary.about), "", ...exampleLines(summary.example)];
  for (const [title, names] of sections(table)) {
    if (names.length > 0) {
      lines.push("", `${title}:`, ...names.flatMap((name) => flagLines(name, table[name])));
    }
  }
  return [...lines, "", ...wrap(FOOT.replace(/(?<=\d) /g, NO_BREAK))].join("\n");
}

/** Titles and the names of the flags below them; each flag once. */
function sections(table: FlagTable): [title: string, names: string[]][] {
  const names = Object.keys(table);
  const known = FIRST.filter((name) => name in table).slice(0, MOST_FIRST);
  const first = names.length > LONG_TABLE && known.length === MOST_FIRST ? known : [];
  return [
    ["First", first],
    ...FLAG_GROUPS.map((group): [string, string[]] => [
      group,
      names.filter((name) => table[name].group === group && !first.includes(name)),
    ]),
  ];
}

/** A line that runs as it stands; a long one goes on after a backslash. */
function exampleLines(example: string): string[] {
  const lines = wrap(inOurWords(example), COLUMNS - "Example: ".length - " \\".length);
  return lines.map((line, i) =>
    `${i === 0 ? "Example: " : "  "}${line}${i < lines.length - 1 ? " \\" : ""}`
  );
}

/** What `--version` prints. */
export function versionText(): string {
  return `parataa ${VERSION} (Deno ${Deno.version.deno})`;
}

/** `--help` and `--version` win over everything else on the line and need no library. */
export function printedAndDone(
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
  if (spelled.length > HELP_COLUMN - 2) return [spelled, ...indented];
  return [spelled.padEnd(HELP_COLUMN) + lines[0], ...indented.slice(1)];
}

/** The methods that take a solver flag, where not all parallel ones do. */
export function methods(name: string): string {
  const users = METHODS.filter((method) => SOLVER_FLAGS[method].includes(name));
  return users.length > 0 && users.length < METHODS.length - 1 ? ` (${users.join(", ")} only)` : "";
}

/** The value of a flag as the help names it, with a space before it; empty for one without a value. */
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

/** Range and default of a flag in brackets; empty for one that has neither. */
export function limits(flag: Flag): string {
  const parts: string[] = [];
  if (flag.type === "integer" || flag.type === "number") parts.push(describeRange(flag));
  if (flag.type !== "boolean" && flag.default !== undefined && flag.default !== "") {
    parts.push(`default ${flag.default}`);
  }
  return parts.length ? `[${parts.join("; ")}]` : "";
}
