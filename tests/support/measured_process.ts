/** Time and memory of a child process. @module */
import assert from "node:assert/strict";

/** Cost of a process. */
export interface Measured {
  seconds: number;
  /** Largest resident memory in MiB, VmHWM of Linux. */
  peak: number;
  /** Standard output. */
  text: string;
}

/** Runs a command and polls its memory. */
export async function measure(command: string, args: readonly string[]): Promise<Measured> {
  const started = performance.now();
  const child = new Deno.Command(command, { args: [...args], stdout: "piped" }).spawn();
  const text = new Response(child.stdout).text();
  let ended = false;
  let peak = 0;
  const status = child.status.finally(() => ended = true);
  while (!ended) {
    const text = await Deno.readTextFile(`/proc/${child.pid}/status`).catch(() => "");
    peak = Math.max(peak, Number(/VmHWM:\s+(\d+) kB/.exec(text)?.[1] ?? 0) / 1024);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.ok((await status).success, `${command} ${args.join(" ")}`);
  return { seconds: (performance.now() - started) / 1000, peak, text: await text };
}
