/** Flags of `fetch`. @module */
import type { Flag } from "../flag.ts";
import { SESSION_FLAGS } from "./session_flags.ts";

/** Flags of `fetch`. Lists are separated by commas. */
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
    help: "download half-precision weights if the repository has them",
  },
  include: {
    type: "string",
    value: "GLOBS",
    group: "Model",
    help: "files to download instead of those a model needs, as in 'unet/*,*.json'",
  },
  exclude: {
    type: "string",
    value: "GLOBS",
    group: "Model",
    help: "files to skip",
  },
  output_path: {
    type: "string",
    value: "DIR",
    short: "o",
    group: "Output",
    help: "model folder to create or complete [models/ and the name of the repository]",
  },
  cache_dir: {
    type: "string",
    value: "DIR",
    group: "Output",
    help: "cache in the hub's own layout to download into, instead of a model folder",
  },
  dry_run: {
    type: "boolean",
    group: "Run",
    help: "list the files and their sizes, and exit",
  },
  quiet: { type: "boolean", group: "Run", scope: "session", help: "print only the folder" },
  ...SESSION_FLAGS,
  json: {
    type: "boolean",
    group: "Run",
    scope: "session",
    help: "print one JSON object per line: the files, each finished one, the folder",
  },
} as const satisfies Record<string, Flag>;
