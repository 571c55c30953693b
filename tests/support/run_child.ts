/**
 * Runs a test script in its own process: for tests that may end the process, or need other
 * permissions or variables than the test runner's.
 * @module
 */
import { fileURLToPath } from "node:url";

/** Options of {@link runChild}. */
export interface ChildOptions {
  /** Flags of `deno run`, including permissions; `--no-prompt` is always added. */
  flags: readonly string[];
  /** Arguments of the script. */
  args?: readonly string[];
  /** Environment variables in addition to the tests' own. */
  env?: Readonly<Record<string, string>>;
}

/** Result of a child process. */
export interface ChildResult {
  code: number;
  signal: Deno.Signal | null;
  /** Trimmed. */
  stdout: string;
  /** Trimmed, without colours. */
  stderr: string;
}

/**
 * Runs a script until it exits.
 *
 * @param script the script
 * @param options flags, arguments and variables
 */
export async function runChild(script: URL, options: ChildOptions): Promise<ChildResult> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", ...options.flags, fileURLToPath(script), ...options.args ?? []],
    env: { NO_COLOR: "1", ...options.env },
  });
  const { code, signal, stdout, stderr } = await child.output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
  return { code, signal, stdout: decode(stdout), stderr: decode(stderr) };
}
