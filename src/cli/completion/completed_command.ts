/** A command as the completion of a shell offers it. @module */

/** A flag as a shell offers it. */
export interface CompletedFlag {
  /** `timesteps`. */
  name: string;
  /** One letter. */
  short: string | undefined;
  help: string;
  /** Whether a value follows. */
  valued: boolean;
  /** Words that the value may be, where they are few. */
  words: readonly string[];
  /** Whether the value is a path. */
  path: "DIR" | "FILE" | undefined;
}

/** A command as a shell offers it. */
export interface CompletedCommand {
  name: string;
  about: string;
  /** Words that may follow it. */
  words: readonly string[];
  /** Whether a path may follow it. */
  path: "DIR" | "FILE" | undefined;
  flags: readonly CompletedFlag[];
}
