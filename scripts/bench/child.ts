/** Runs a benchmark, or a part of it, in a process of its own. @module */

/**
 * Returns what a Deno process prints to stdout.
 *
 * @throws {Error} if it fails; its stderr is shown
 */
export async function outputOf(args: readonly string[]): Promise<string> {
  const command = new Deno.Command(Deno.execPath(), { args: [...args], stderr: "inherit" });
  const { stdout, success } = await command.output();
  if (!success) throw new Error(`deno ${args.join(" ")} failed`);
  return new TextDecoder().decode(stdout);
}

/** The value after a flag of this process. */
export function argument(flag: string): string | undefined {
  const at = Deno.args.indexOf(flag);
  return at < 0 ? undefined : Deno.args[at + 1];
}
