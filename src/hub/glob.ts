/** Patterns of file names, as the hub's own tools take them. @module */

/**
 * Whether a path matches a pattern: `*` is any text, `/` included, `?` any character; a pattern
 * that ends in `/` names all below a folder. Takes time in proportion to both lengths.
 */
export function matchesGlob(path: string, pattern: string): boolean {
  const wanted = pattern.endsWith("/") ? `${pattern}*` : pattern;
  let at = 0, p = 0;
  /** Where the last `*` stands, and where its text ends so far. */
  let star = -1, from = 0;
  while (at < path.length) {
    if (wanted[p] === "*") [star, from] = [p++, at];
    else if (p < wanted.length && (wanted[p] === "?" || wanted[p] === path[at])) at++, p++;
    else if (star >= 0) [p, at] = [star + 1, ++from];
    else return false;
  }
  while (wanted[p] === "*") p++;
  return p === wanted.length;
}
