/** `--help`, made from the flag table, and `--version`. @module */
import { VERSION } from "../version.ts";
import { describeRange, type Flag, FLAG_GROUPS, type FlagTable } from "../arguments/flag.ts";
import { inOurWords } from "./program_name.ts";
import { METHODS, SOLVER_FLAGS } from "../arguments/script_flags.ts";

/** What a script says of itself above its flags. */
export interface ScriptSummary {
  /** Name of the script, without its extension. */
  name: string;
  /** What it does, one or two lines. */
  about: string;
  /** A command line to start from. */
  example: string;
}

const HELP_COLUMN = 34;

/** The whole text of `--help`. */
export function helpText(summary: ScriptSummary, table: FlagTable): string {
  const lines = [summary.about, "", `Example: ${inOurWords(summary.example)}`];
  for (const group of FLAG_GROUPS) {
    const flags = Object.entries(table).filter(([, flag]) => flag.group === group);
    if (flags.length === 0) continue;
    lines.push("", `${group}:`, ...flags.map(([name, flag]) => flagLine(name, flag)));
  }
  lines.push(
    "",
    "_ and - are alike in flag names. Exit codes: 0 ok, 2 usage, 3 model or input, 4 permission,",
  );
  lines.push(
    "5 file system, 6 NaN or infinity, 7 library or device, 9 busy, 10 mismatch, 11 not verified,",
    "70 our bug, 129/130/143 stopped.",
  );
  return lines.join("\n");
}

/** What `--version` prints. */
export function versionText(): string {
  return `parataa ${VERSION} (Deno ${Deno.version.deno})`;
}

function flagLine(name: string, flag: Flag): string {
  const short = flag.short ? `-${flag.short}, ` : "    ";
  const spelled = `  ${short}--${name}${valueWord(flag)}`;
  const gap = spelled.length < HELP_COLUMN
    ? " ".repeat(HELP_COLUMN - spelled.length)
    : `\n${" ".repeat(HELP_COLUMN)}`;
  const aliases = flag.aliases?.length
    ? ` (also ${flag.aliases.map((a) => `--${a}`).join(", ")})`
    : "";
  return `${spelled}${gap}${flag.help}${aliases}${methods(name)}${limits(flag)}`;
}

/** The methods that take a solver flag, where not all parallel ones do. */
function methods(name: string): string {
  const users = METHODS.filter((method) => SOLVER_FLAGS[method].includes(name));
  return users.length > 0 && users.length < METHODS.length - 1 ? ` (${users.join(", ")} only)` : "";
}

function valueWord(flag: Flag): string {
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

function limits(flag: Flag): string {
  const parts: string[] = [];
  if (flag.type === "integer" || flag.type === "number") parts.push(describeRange(flag));
  if (flag.type !== "boolean" && flag.default !== undefined && flag.default !== "") {
    parts.push(`default ${flag.default}`);
  }
  return parts.length ? ` [${parts.join("; ")}]` : "";
}
