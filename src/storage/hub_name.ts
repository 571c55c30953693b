/** Names of models on a hub, which a user may give in the place of a folder. @module */

/** What to do about one. */
export const HUB_HINT =
  "nothing is downloaded by a name: models/README.md says how to get a model's weights";

/** Whether a path has the form `owner/name`, and neither part is one of ours. */
export function isHubName(path: string): boolean {
  return /^(?!models\/|output\/)\w[\w.-]*\/\w[\w.-]*$/.test(path);
}
