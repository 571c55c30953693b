/** Captures the output of code in this process. @module */

/** Runs `work` and captures its output. `told` is standard error, the output for people. */
export async function gatherOutput<T>(
  work: () => Promise<T>,
): Promise<{ result: T; printed: string[]; told: string }> {
  const { log, error } = console;
  const printed: string[] = [];
  let told = "";
  const writeSync = (bytes: Uint8Array) => {
    told += new TextDecoder().decode(bytes);
    return bytes.length;
  };
  console.log = console.error = (line: string) => printed.push(line);
  Object.assign(Deno.stderr, { writeSync });
  try {
    const result = await work();
    return { result, printed, told };
  } finally {
    Object.assign(console, { log, error });
    Reflect.deleteProperty(Deno.stderr, "writeSync");
  }
}
