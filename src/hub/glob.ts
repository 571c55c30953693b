/** Patterns of file names, as in the hub's own tools. @module */

/**
 * True if a path matches a pattern: `*` is any text, including `/`, and `?` any character. A
 * pattern that ends in `/` matches all files below a folder. Time is proportional to both lengths.
 */
export function matchesGlob(path: string, pattern: string): boolean {
  const wanted = pattern.endsWith("/") ? `${pattern}*` : pattern;
  let at = 0, p = 0;
  /** Positions of the last `*` and of the end of its text so far. */
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
