/**
 * Determines how the process was started, so that printed examples and hints can be pasted.
 * @module
 */
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { COMMANDS } from "./commands/commands.ts";
import { projectPath } from "../storage/project_path.ts";
import { quoteWord } from "../text.ts";

/**
 * `file`: the single-file program, without a clone. `launcher`: `./parataa`. `task`: `deno task`,
 * or a script started from the root of the clone. `script`: `deno run` from another folder.
 */
export type LaunchMethod = "file" | "launcher" | "task" | "script";

/** How this process was started. */
export function launchMethod(): LaunchMethod {
  if (/\/parataa\.js$/.test(Deno.mainModule)) return "file";
  if (/\/scripts\/launched\.ts$/.test(Deno.mainModule)) return "launcher";
  return scriptName() === undefined || Deno.cwd() === projectPath(".") ? "task" : "script";
}

/**
 * Start of a command line, in the form in which this process was started: `deno task dit`,
 * `./parataa dit`.
 */
export function commandLine(command: string): string {
  switch (launchMethod()) {
    case "task":
      return scriptName() === "parataa" ? `${programName()} ${command}` : `deno task ${command}`;
    case "script":
      return `deno run -q -P=${command} ${scriptPath(command)}`;
    default:
      return `${programName()} ${command}`;
  }
}

/** Start of a command line that is followed by a command: `parataa`, `./parataa`. */
export function programName(): string {
  switch (launchMethod()) {
    case "file":
      return "parataa";
    case "launcher":
      return quoteWord(Deno.args[0]);
    case "task":
      return "deno task parataa";
    case "script":
      return `deno run -q ${typedPath("scripts/parataa.ts")}`;
  }
}

/** Replaces `deno task dit` in a text by the form in which this process was started. */
export function withProgramName(text: string): string {
  return text.replace(
    /\bdeno task ([\w-]+)/g,
    (line, name) => Object.hasOwn(COMMANDS, name) ? commandLine(name) : line,
  );
}

/** Path of a command's script, relative to the working directory if shorter. */
export function scriptPath(command: string): string {
  return typedPath(`scripts/${COMMANDS[command].script}.ts`);
}

/** Path of a project file, relative to the working directory if shorter. */
export function typedPath(name: string): string {
  const [absolute, near] = [projectPath(name), relative(Deno.cwd(), projectPath(name))];
  return quoteWord(near.length < absolute.length ? near : absolute);
}

/** Name of the main module if it is a script of this project. */
export function scriptName(): string | undefined {
  if (!Deno.mainModule.startsWith("file:")) return undefined;
  const [, name] = /^(\w+)\.ts$/.exec(relative(projectPath("scripts"), mainPath())) ?? [];
  return name;
}

function mainPath(): string {
  return fileURLToPath(Deno.mainModule);
}
