/** Runs `python3` for tests that compare with its libraries. @module */

/** True if `python3` can import these modules. */
export function pythonHas(...modules: readonly string[]): Promise<boolean> {
  return python(["-c", `import ${modules.join(", ")}`]).then(() => true, () => false);
}

/**
 * Leaves the script's folder out of Python's path: tests/full/triton would hide the package triton.
 */
export const SAFE_PATH = { PYTHONSAFEPATH: "1" };

/** Standard output of `python3`. @throws {Error} with the end of stderr if it fails */
export async function python(args: readonly string[]): Promise<string> {
  const env = SAFE_PATH;
  const command = new Deno.Command("python3", { args: [...args], env, stderr: "piped" });
  const { success, stdout, stderr } = await command.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (!success) throw new Error(text(stderr).slice(-2000));
  return text(stdout).trim();
}
