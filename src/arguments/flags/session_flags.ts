/** Flags of commands that write no files. @module */
import type { Flag } from "../flag.ts";

/** `--json`, `--debug`, `--help`, `--version`. */
export const SESSION_FLAGS = {
  json: { type: "boolean", group: "Run", scope: "session", help: "print one JSON object" },
  debug: { type: "boolean", group: "Run", scope: "session", help: "print the stack of an error" },
  help: {
    type: "boolean",
    short: "h",
    group: "Run",
    scope: "session",
    help: "print this help and exit",
  },
  version: {
    type: "boolean",
    group: "Run",
    scope: "session",
    help: "print the versions of parataa and Deno, and exit",
  },
} as const satisfies Record<string, Flag>;
