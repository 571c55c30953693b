/** What ONNX Runtime's telemetry leaves in /tmp. @module */

/** The log of a process, by its number: other processes may have left one under the same. */
export function logPath(pid: number): string {
  return `/tmp/mat-debug-${pid}.log`;
}

/** Size and time of the file, as a text; `absent` where there is none. */
export async function stateOf(path: string): Promise<string> {
  const info = await Deno.stat(path).catch(() => undefined);
  return info ? `${info.size}@${info.mtime?.getTime()}` : "absent";
}
