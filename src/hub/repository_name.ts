/** Checks names of a hub's repositories and revisions. @module */
import { UsageError } from "../errors.ts";
import { shown } from "../text.ts";
import { unportablePathReason } from "./listed_name.ts";

const PART = /^\w(?:[\w.-]*\w)?$/;
const LONGEST = 96;

/** A repository of models. */
export interface RepositoryName {
  owner: string;
  name: string;
}

/**
 * Parses `owner/name`.
 *
 * @throws {UsageError} if it has another form; for an address of the hub, with the name in it
 */
export function readRepositoryName(text: string): RepositoryName {
  const [owner, name, ...rest] = text.split("/");
  const fits = name !== undefined && rest.length === 0 && text.length <= LONGEST &&
    !/--|\.\./.test(text) &&
    [owner, name].every((part) => PART.test(part) && !unportablePathReason(part));
  if (fits) return { owner, name };
  const wanted = "owner/name: letters, digits, . - _";
  throw new UsageError(`the repository is ${shown(text)}, wanted ${wanted}`, {
    hint: suggestion(text),
  });
}

function suggestion(text: string): string {
  const [, inAddress] = /^https?:\/\/[^/]+\/([^/?#]+\/[^/?#]+)/.exec(text) ?? [];
  if (inAddress) return `did you mean ${shown(inAddress)}?`;
  const typed = text.trim().replace(/^models\//, "").replace(/\/+$/, "").replaceAll("\\", "/");
  const [owner = "", name = "", ...rest] = typed.split("/");
  if (typed !== text && rest.length === 0 && PART.test(owner) && PART.test(name)) {
    return `did you mean ${shown(typed)}?`;
  }
  return "the hub's page of a model shows the name at the top";
}

/** Refuses a revision that no branch, tag or commit can have. @throws {UsageError} */
export function checkRevision(revision: string): void {
  const parts = revision.split("/");
  const fits = revision.length <= 255 && /^[\w./@+-]+$/.test(revision) &&
    !parts.some((part) => part === "" || part.startsWith(".") || part.includes(".."));
  if (fits) return;
  throw new UsageError(`the revision is ${shown(revision)}, wanted a branch, a tag or a commit`);
}
