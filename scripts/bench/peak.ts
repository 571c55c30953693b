/** Measures the peak memory of a process, on Linux. @module */
import { outputOf } from "./child.ts";

const STATUS = "/proc/self/status";

/** Source text of a program that prints only its own peak, for `deno eval`. */
export const PRINT_PEAK =
  `console.log(Deno.readTextFileSync("${STATUS}").match(/VmHWM:\\s*(\\d+) kB/)[1]);`;

/**
 * Prints the peak resident set of this process. `resourceUsage().maxRSS` would include the peak of
 * its parent.
 */
export function printPeak(): void {
  console.log(Deno.readTextFileSync(STATUS).match(/VmHWM:\s*(\d+) kB/)![1]);
}

/** Returns the peak resident set, in MB, of a Deno process that prints it last. */
export async function peakOf(args: string[]): Promise<number> {
  return Number(await outputOf(args)) * 1024 / 1e6;
}
