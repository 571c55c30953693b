/** Readable reasons of file system errors. @module */

/** Text for each class of Deno.errors that a wrong path causes. */
const FAULTS: readonly [kind: new (...args: never[]) => Error, text: string][] = [
  [Deno.errors.NotFound, "there is no such file or folder"],
  [Deno.errors.IsADirectory, "it is a folder, wanted a file"],
  [Deno.errors.NotADirectory, "a part of its path is a file"],
  [Deno.errors.PermissionDenied, "the system denies access"],
  [Deno.errors.FilesystemLoop, "it is a link that leads to itself"],
];

/** Returns why a file operation failed, without the system's error number and function name. */
export function fileFault(cause: unknown): string {
  const [, text] = FAULTS.find(([kind]) => cause instanceof kind) ?? [];
  return text ?? withoutNumber(cause instanceof Error ? cause.message : String(cause));
}

/** Returns the reason of an unexpected error, with the path if the system's message names it. */
export function fileFaultOf(error: Error): string {
  const path = / \(os error \d+\): \w+ '(.*)'/s.exec(error.message)?.[1];
  return path === undefined ? withoutNumber(error.message) : `${path}: ${fileFault(error)}`;
}

function withoutNumber(message: string): string {
  return message.replace(/ \(os error \d+\)(: \w+ '.*')?$/s, "");
}
