/** Flags of `fetch`. @module */
import type { Flag } from "../flag.ts";
import { SESSION_FLAGS } from "./session_flags.ts";

/** Flags of `fetch`. Those that are lists part at commas. */
export const FETCH_FLAGS = {
  revision: {
    type: "string",
    value: "NAME",
    default: "main",
    group: "Model",
    help: "branch, tag or commit of the repository",
  },
  fp16: {
    type: "boolean",
    group: "Model",
    help: "take half-precision weights where the repository has them",
  },
  include: {
    type: "string",
    value: "GLOBS",
    group: "Model",
    help: "files to take, in the place of those that a model needs: 'unet/*,*.json'",
  },
  exclude: {
    type: "string",
    value: "GLOBS",
    group: "Model",
    help: "files to leave out",
  },
  output_path: {
    type: "string",
    value: "DIR",
    short: "o",
    group: "Output",
    help: "model folder to make, or to complete [models/ and the repository's name]",
  },
  cache_dir: {
    type: "string",
    value: "DIR",
    group: "Output",
    help: "put the files into a cache in the hub's own layout, in the place of a folder",
  },
  dry_run: {
    type: "boolean",
    group: "Run",
    help: "list the files and their sizes, and leave",
  },
  quiet: { type: "boolean", group: "Run", scope: "session", help: "print only the folder" },
  ...SESSION_FLAGS,
  json: {
    type: "boolean",
    group: "Run",
    scope: "session",
    help: "print one JSON object a line: the files, each finished one, the folder",
  },
} as const satisfies Record<string, Flag>;
