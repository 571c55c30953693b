// deno-lint-ignore-file house/unsafe-address -- who opens what is what is watched
/** What is opened by `Deno.dlopen`. @module */

/**
 * The paths that are opened while `act` runs.
 *
 * @param standIns symbols of libraries that this machine need not have, by path
 */
export function openedDuring(
  act: () => void,
  standIns: Readonly<Record<string, object>> = {},
): string[] {
  const { dlopen } = Deno;
  const opened: string[] = [];
  Deno.dlopen = ((path: string, symbols: Deno.ForeignLibraryInterface) => {
    const library = path in standIns ? { symbols: standIns[path] } : dlopen(path, symbols);
    opened.push(path);
    return library;
  }) as typeof Deno.dlopen;
  try {
    act();
  } finally {
    Deno.dlopen = dlopen;
  }
  return opened;
}
