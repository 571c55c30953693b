/** Interface of a command of `parataa`. @module */
import type { FlagTable } from "../../arguments/flag.ts";
import type { Permissions } from "../../arguments/permissions.ts";

/** Runs a command. */
export type Run = (args: readonly string[], signal: AbortSignal) => Promise<void>;

/** A loaded command. */
export interface Command {
  /** Flags, for shell completion. */
  flags: FlagTable;
  /** Runs the command. Prints its own `--help` and `--version`. */
  run(args: readonly string[], signal: AbortSignal): Promise<unknown>;
}

/** A row of the command table. */
export interface CommandRow {
  /** Name of the command's own script: `scripts/<script>.ts`. */
  script: string;
  /** One line for `parataa --help`. */
  about: string;
  /** Accepted operands: words or paths. */
  operand?: { words?: readonly string[]; path?: "DIR" | "FILE" };
  permissions: Permissions;
}
