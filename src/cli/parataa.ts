/** `parataa`: one command for all scripts. @module */
import { UsageError } from "../errors.ts";
import { COMMANDS } from "./commands/commands.ts";
import { loadCommand } from "./commands/load_command.ts";
import { completionScript, SHELLS } from "./completion/completion.ts";
import { versionText } from "./help.ts";
import { printText } from "./print.ts";
import { programName } from "./program_name.ts";
import { COLUMNS, wrap } from "../formats/wrap.ts";
import { nearestWord } from "../formats/nearest_word.ts";
import { shownValue } from "../text.ts";

/** Built-in commands; none needs a permission. */
const OWN: Readonly<Record<string, string>> = {
  completion: `print the completion script for a shell: ${SHELLS.join(", ")}`,
  help: "print this help, or the help of a command",
  version: "print the versions of parataa and Deno",
};

/**
 * Runs `parataa`: the first word is a command, the rest are its arguments.
 *
 * @throws {UsageError} on an unknown command, with the nearest known one
 */
export async function runParataa(args: readonly string[], signal: AbortSignal): Promise<void> {
  const [first = "help", ...rest] = args;
  const name = first.replace(/^--(?=(help|version)$)/, "").replace(/^-h$/, "help");
  if (Object.hasOwn(COMMANDS, name)) {
    await (await loadCommand(name)).run(rest, signal);
  } else if (!Object.hasOwn(OWN, name)) {
    throw unknownCommand(first);
  } else if (name === "help" && rest.length > 0 && !rest[0].startsWith("-")) {
    await runParataa([rest[0], "--help"], signal);
  } else if (name === "help" || rest.includes("--help") || rest.includes("-h")) {
    printText(parataaHelp());
  } else if (name === "version" || rest.includes("--version")) {
    printText(versionText());
  } else {
    printText(await completionScript(rest, { commands: COMMANDS, own: OWN }));
  }
}

/** Text of `parataa --help`. */
export function parataaHelp(): string {
  const rows = [
    ...Object.entries(COMMANDS).map(([name, { about }]) => [name, about]),
    ...Object.entries(OWN),
  ];
  const column = 2 + Math.max(...rows.map(([name]) => name.length)) + 2;
  return [
    ...wrap("Parallel sampling of diffusion models: a round evaluates many steps at once."),
    "",
    `Usage: ${programName()} COMMAND [FLAGS]`,
    "",
    ...rows.flatMap(([name, about]) =>
      wrap(about, COLUMNS - column).map((line, i) =>
        (i === 0 ? `  ${name}` : "").padEnd(column) + line
      )
    ),
    "",
    `${programName()} COMMAND --help lists a command's flags.`,
  ].join("\n");
}

function unknownCommand(word: string): UsageError {
  const known = [...Object.keys(COMMANDS), ...Object.keys(OWN)];
  const nearest = nearestWord(word, known);
  return new UsageError(`${shownValue(word)} is not a command`, {
    hint: nearest ? `did you mean ${nearest}?` : `${programName()} --help lists the commands`,
  });
}
