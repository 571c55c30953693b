/** A command in the form that shell completion needs. @module */

/** A flag for shell completion. */
export interface CompletedFlag {
  /** `timesteps`. */
  name: string;
  /** One letter. */
  short: string | undefined;
  help: string;
  /** Whether the flag takes a value. */
  valued: boolean;
  /** Possible values, if they are few. */
  words: readonly string[];
  /** Whether the value is a path. */
  path: "DIR" | "FILE" | undefined;
}

/** A command for shell completion. */
export interface CompletedCommand {
  name: string;
  about: string;
  /** Words that may follow the command. */
  words: readonly string[];
  /** Kind of path that may follow the command. */
  path: "DIR" | "FILE" | undefined;
  flags: readonly CompletedFlag[];
}
