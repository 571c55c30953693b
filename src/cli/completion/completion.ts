/** Shell completion of `parataa`, generated from the tables of commands and flags. @module */
import { UsageError } from "../../errors.ts";
import type { CommandRow } from "../commands/command.ts";
import type { CompletedCommand, CompletedFlag } from "./completed_command.ts";
import { bashCompletion } from "./completion_bash.ts";
import { fishCompletion } from "./completion_fish.ts";
import { zshCompletion } from "./completion_zsh.ts";
import { loadCommand } from "../commands/load_command.ts";
import type { Flag } from "../../arguments/flag.ts";
import { shownValue } from "../../text.ts";

const WRITERS: Readonly<Record<string, (commands: readonly CompletedCommand[]) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

/** Shells that {@link completionScript} knows. */
export const SHELLS: readonly string[] = Object.keys(WRITERS);

/**
 * Completion script of a shell.
 *
 * @param args name of the shell
 * @param tables `commands`: the rows; `own`: built-in commands of `parataa`, by name
 * @throws {UsageError} on another shell
 */
export async function completionScript(
  args: readonly string[],
  { commands, own }: {
    commands: Readonly<Record<string, CommandRow>>;
    own: Readonly<Record<string, string>>;
  },
): Promise<string> {
  const [shell = "", ...rest] = args;
  if (rest.length > 0 || !Object.hasOwn(WRITERS, shell)) {
    throw new UsageError(
      `completion takes one of ${SHELLS.join(", ")}, not ${shownValue(args.join(" "))}`,
    );
  }
  const words: Record<string, readonly string[]> = {
    completion: SHELLS,
    help: Object.keys(commands),
  };
  return WRITERS[shell]([
    ...await Promise.all(Object.entries(commands).map(completedCommand)),
    ...Object.entries(own).map(([name, about]) => ({
      ...{ name, about, words: words[name] ?? [], path: undefined, flags: [] },
    })),
  ]);
}

async function completedCommand([name, row]: [string, CommandRow]): Promise<CompletedCommand> {
  const { about, operand } = row;
  const flags = Object.entries((await loadCommand(name)).flags).map(completedFlag);
  return { name, about, words: operand?.words ?? [], path: operand?.path, flags };
}

function completedFlag([name, flag]: [string, Flag]): CompletedFlag {
  const { short, help } = flag;
  const path = flag.type === "string" && (flag.value === "DIR" || flag.value === "FILE")
    ? flag.value
    : undefined;
  const words = flag.type === "choice"
    ? flag.choices
    : "word" in flag && flag.word
    ? [flag.word]
    : [];
  return { name, short, help, valued: flag.type !== "boolean", words, path };
}
