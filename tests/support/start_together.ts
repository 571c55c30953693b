/** Starts a script several times concurrently. @module */
import { ROOT } from "./run_script.ts";

/** Result of one process. */
export interface LaunchMethod {
  pid: number;
  code: number;
  stderr: string;
  milliseconds: number;
}

/** Starts `script` `count` times with the same arguments. */
export async function startTogether(
  script: string,
  args: readonly string[],
  count: number,
): Promise<LaunchMethod[]> {
  const started = performance.now();
  const children = Array.from({ length: count }, () =>
    new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-prompt", `${ROOT}${script}`, ...args],
      cwd: ROOT,
      stdin: "null",
      stdout: "null",
      stderr: "piped",
      env: { NO_COLOR: "1" },
    }).spawn());
  return await Promise.all(children.map(async (child) => {
    const { code, stderr } = await child.output();
    const milliseconds = performance.now() - started;
    return { pid: child.pid, code, stderr: new TextDecoder().decode(stderr), milliseconds };
  }));
}
