/** What the file system says, in words that help. @module */

/** What to read in the classes of Deno.errors that a wrong path meets. */
const FAULTS: readonly [kind: new (...args: never[]) => Error, text: string][] = [
  [Deno.errors.NotFound, "there is no such file or folder"],
  [Deno.errors.IsADirectory, "it is a folder, wanted a file"],
  [Deno.errors.NotADirectory, "a part of its path is a file"],
  [Deno.errors.PermissionDenied, "the system denies access"],
  [Deno.errors.FilesystemLoop, "it is a link that leads to itself"],
];

/** Why a file operation failed, without the system's number and the name of its function. */
export function fileFault(cause: unknown): string {
  const [, text] = FAULTS.find(([kind]) => cause instanceof kind) ?? [];
  return text ?? withoutNumber(cause instanceof Error ? cause.message : String(cause));
}

/**
 * The same for an error that nobody has put into words: with the path, where the system's message
 * names it.
 */
export function fileFaultOf(error: Error): string {
  const path = / \(os error \d+\): \w+ '(.*)'/s.exec(error.message)?.[1];
  return path === undefined ? withoutNumber(error.message) : `${path}: ${fileFault(error)}`;
}

function withoutNumber(message: string): string {
  return message.replace(/ \(os error \d+\)(: \w+ '.*')?$/s, "");
}
