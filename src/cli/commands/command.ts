/** What `parataa` knows of a command. @module */
import type { FlagTable } from "../../arguments/flag.ts";
import type { Permissions } from "../../arguments/permissions.ts";

/** Runs a command. */
export type Run = (args: readonly string[], signal: AbortSignal) => Promise<void>;

/** A command, loaded. */
export interface Command {
  /** Its flags, for the shell's completion. */
  flags: FlagTable;
  /** Runs it; it prints its own `--help` and `--version`. */
  run(args: readonly string[], signal: AbortSignal): Promise<unknown>;
}

/** A command as the table lists it. */
export interface CommandRow {
  /** The same as a script of its own: `scripts/<script>.ts`. */
  script: string;
  /** One line for `parataa --help`. */
  about: string;
  /** What may stand between its flags: words, or paths. */
  operand?: { words?: readonly string[]; path?: "DIR" | "FILE" };
  permissions: Permissions;
}
