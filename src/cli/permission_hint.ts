/** Suggests a command line that grants a permission that Deno denied. @module */
import { resolve, sep } from "node:path";
import { COMMANDS } from "./commands/commands.ts";
import { projectPath } from "../storage/project_path.ts";
import { permissionFlags, type Permissions } from "../arguments/permissions.ts";
import { quoteWord } from "../text.ts";
import { launchMethod, programName, scriptName, scriptPath, typedPath } from "./program_name.ts";

/** End of Deno's message for a denied permission. */
const REFUSED = /Requires (\w+) access(?: to "(.*?)")?, run again with the --allow-\w+ flag/;

/** Hints of parataa for a permission that was not requested. */
const MISSING_PERMISSION =
  /run again with --allow-(\w+)(?:=(.+?))?(?: added| too|, without a path)?$/;

/** A longer command line is not repeated: a prompt may have thousands of characters. */
const MAX_LINE_LENGTH = 400;

/** A denied permission. */
interface Refused {
  kind: string;
  /** Path, variable or machine fact. */
  value: string | undefined;
}

/**
 * Appends to a text on a missing permission the command line that grants it, in the form in which
 * this process was started.
 *
 * @param args the command line of this process
 */
export function withPermissionLine(text: string, args: readonly string[]): string {
  return text.replace(REFUSED, (_, kind: string, value?: string) => {
    const what = `Requires ${kind} access${value === undefined ? "" : ` to "${value}"`}`;
    return `${what} (--allow-${kind}): ${remedy({ kind, value }, args)}`;
  }).replace(MISSING_PERMISSION, (text, kind: string, value?: string) => {
    if (commandOf(args).command === undefined) return text;
    return `--allow-${kind} is missing: ${remedy({ kind, value }, args)}`;
  });
}

function remedy(refused: Refused, args: readonly string[]): string {
  const { kind, value } = refused;
  const started = launchMethod();
  const { command, words } = commandOf(args);
  if (command === undefined) return "this command needs it";
  const isPath = value !== undefined && (kind === "read" || kind === "write");
  const isHost = value !== undefined && kind === "net";
  const launched = started === "file" || started === "launcher";
  if (launched && !isPath && !isHost) return "this program does not grant it";
  if (!launched && (!isPath || Deno.build.os === "windows")) {
    return `run ${lineOf(denoRun(command, refused), words)}`;
  }
  const program = launched ? programName() : launcherPath();
  const granted = !launched && isNamed(value, words);
  const more = granted ? [] : permissionFlags({ [kind]: [value] }).map(quoteWord);
  return `run ${lineOf([program, ...more, command].join(" "), words)}`;
}

/** Start of a command line with the permissions of the command table. */
export function grantedLine(command: string): string {
  return `deno run -q -P=${command} ${scriptPath(command)}`;
}

/** The command of this process, and its arguments. */
function commandOf(args: readonly string[]): { command?: string; words: readonly string[] } {
  const script = scriptName();
  const own = Object.keys(COMMANDS).find((name) => COMMANDS[name].script === script);
  if (own !== undefined) return { command: own, words: args };
  const [command, ...words] = args;
  return command !== undefined && Object.hasOwn(COMMANDS, command) ? { command, words } : { words };
}

/** Whether an argument, or the value of a flag, is the path or a folder above it. */
function isNamed(path: string | undefined, words: readonly string[]): boolean {
  if (path === undefined) return false;
  const named = words.flatMap((word) => [word, word.slice(word.indexOf("=") + 1), word.slice(2)]);
  return named.some((word) =>
    word !== "" && `${resolve(path)}${sep}`.startsWith(resolve(word) + sep)
  );
}

function launcherPath(): string {
  const path = typedPath("parataa");
  return path.includes("/") ? path : `./${path}`;
}

/** `deno run` with the permissions of the command, and the denied one if they lack it. */
function denoRun(command: string, { kind, value }: Refused): string {
  const granted = COMMANDS[command].permissions[kind as keyof Permissions];
  const covered = granted === true ||
    granted?.some((entry) => entry === value || isNamed(value, [projectPath(entry)]));
  const more = covered
    ? []
    : permissionFlags({ [kind]: value === undefined ? [] : [value] } as Permissions);
  return ["deno run -q", `-P=${command}`, ...more.map(quoteWord), scriptPath(command)].join(" ");
}

function lineOf(start: string, words: readonly string[]): string {
  const line = [start, ...words.map(quoteWord)].join(" ");
  return line.length <= MAX_LINE_LENGTH ? line : `${start} and the flags of this line`;
}
