/** A folder of its own for one test. @module */

/** Runs `test` with a fresh folder and removes it afterwards, whatever happened. */
export async function withTempFolder<T>(test: (folder: string) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir({ prefix: "parataa-test-" });
  try {
    return await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
