/** Detects hub names given instead of a folder. @module */

/** Hint with the command that downloads the model. */
export function hubHint(name: string): string {
  const [, folder] = name.split("/");
  return `deno task fetch ${name} downloads a model of this name into models/${folder}`;
}

/** Whether a path has the form `owner/name` and is not a path of this project. */
export function isHubName(path: string): boolean {
  return /^(?!models\/|output\/)\w[\w.-]*\/\w[\w.-]*$/.test(path);
}
