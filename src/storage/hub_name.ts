/** Names of models on a hub, which a user may give in the place of a folder. @module */

/** What to do about one: the line that downloads it. */
export function hubHint(name: string): string {
  const [, folder] = name.split("/");
  return `deno task fetch ${name} downloads a model of this name into models/${folder}`;
}

/** Whether a path has the form `owner/name`, and neither part is one of ours. */
export function isHubName(path: string): boolean {
  return /^(?!models\/|output\/)\w[\w.-]*\/\w[\w.-]*$/.test(path);
}
