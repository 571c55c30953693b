/** How the user started us, so that examples and hints can be typed as they stand. @module */
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { COMMANDS } from "./commands/commands.ts";
import { projectPath } from "../storage/project_path.ts";
import { quoteWord } from "../text.ts";

/**
 * `file`: the single file, which has no clone beside it. `launcher`: `./parataa`. `task`: `deno task`, whose folder is the clone's root, as
 * is that of who starts a script there. `script`: `deno run` from another folder.
 */
export type Started = "file" | "launcher" | "task" | "script";

/** What started this process. */
export function howStarted(): Started {
  if (/\/parataa\.js$/.test(Deno.mainModule)) return "file";
  if (/\/scripts\/launched\.ts$/.test(Deno.mainModule)) return "launcher";
  return scriptName() === undefined || Deno.cwd() === projectPath(".") ? "task" : "script";
}

/** Start of a line that runs a command as this process was started: `deno task dit`, `./parataa dit`. */
export function commandLine(command: string): string {
  switch (howStarted()) {
    case "task":
      return scriptName() === "parataa" ? `${programName()} ${command}` : `deno task ${command}`;
    case "script":
      return `deno run -q -P=${command} ${scriptPath(command)}`;
    default:
      return `${programName()} ${command}`;
  }
}

/** Start of a line that names a command next: `parataa`, `./parataa`. */
export function programName(): string {
  switch (howStarted()) {
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

/** A text that says `deno task dit`, in the words of who started this process in another way. */
export function inOurWords(text: string): string {
  return text.replace(
    /\bdeno task ([\w-]+)/g,
    (line, name) => Object.hasOwn(COMMANDS, name) ? commandLine(name) : line,
  );
}

/** Path of a command's own script, as it can be typed here. */
export function scriptPath(command: string): string {
  return typedPath(`scripts/${COMMANDS[command].script}.ts`);
}

/** Path of a file of the project, as it can be typed here. */
export function typedPath(name: string): string {
  const [absolute, near] = [projectPath(name), relative(Deno.cwd(), projectPath(name))];
  return quoteWord(near.length < absolute.length ? near : absolute);
}

/** Name of the main module, where it is a script of this project. */
export function scriptName(): string | undefined {
  if (!Deno.mainModule.startsWith("file:")) return undefined;
  const [, name] = /^(\w+)\.ts$/.exec(relative(projectPath("scripts"), mainPath())) ?? [];
  return name;
}

function mainPath(): string {
  return fileURLToPath(Deno.mainModule);
}
