/** Lists in messages. @module */

/** Maximum number of items that a message lists. */
const LISTED = 3;

/** The first items as text, and the number of the others. */
export function listed<T>(items: readonly T[], text: (item: T) => string): string {
  const more = items.length > LISTED ? ` and ${items.length - LISTED} more` : "";
  return items.slice(0, LISTED).map(text).join(", ") + more;
}
