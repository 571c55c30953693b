/** Runs a script of the project in its own process, like a user. @module */
import { join } from "node:path";

/** Result of a script. */
export interface ScriptResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** Root of the project. */
export const ROOT = `${join(import.meta.dirname!, "..", "..")}/`;

/** Permissions by default. Tests of permissions pass their own. */
const EVERYTHING = ["--allow-all"];

/**
 * Runs `deno run <permissions> <script> <args>` from `cwd`, by default the project's root, without
 * a terminal.
 */
export async function runScript(
  script: string,
  args: readonly string[],
  options: {
    permissions?: readonly string[];
    cwd?: string;
    env?: Readonly<Record<string, string>>;
  } = {},
): Promise<ScriptResult> {
  const { permissions = EVERYTHING, cwd = ROOT } = options;
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", ...permissions, `${ROOT}${script}`, ...args],
    cwd,
    stdin: "null",
    env: { NO_COLOR: "1", ...options.env },
  });
  const { code, stdout, stderr } = await command.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}
