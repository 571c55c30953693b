/** How the user started us, so that examples and hints can be typed as they stand. @module */

/** Text that says `deno task dit`, for somebody who typed `parataa` the same with that. */
export function inOurWords(text: string): string {
  return isParataa() ? text.replaceAll("deno task ", "parataa ") : text;
}

/** Whether the one command is the main module, as a script or as the single file's bundle. */
function isParataa(): boolean {
  return /\/parataa\.[jt]s$/.test(Deno.mainModule);
}
