/** Suggestions for mistyped words. @module */

/**
 * Returns the word of `known` with the fewest edits from `typed`. At most a third of its letters,
 * or two, may differ.
 *
 * @returns `undefined` if no word is near
 */
export function nearestWord(typed: string, known: Iterable<string>): string | undefined {
  let nearest: string | undefined;
  let best = Math.max(2, Math.floor(typed.length / 3)) + 1;
  for (const word of known) {
    const distance = editDistance(typed, word);
    if (distance < best) [nearest, best] = [word, distance];
  }
  return nearest;
}

/**
 * Returns the names of `known` that share a whole word with `typed`, most shared words first. If
 * there are none, returns those with the fewest edits from it, as a whole or in one of their words,
 * if at most a third of its letters differ. Case is ignored.
 */
export function similarWords(typed: string, known: Iterable<string>): string[] {
  const wanted = typed.toLowerCase();
  const names = [...new Set(known)];
  const shared = (name: string) => wordsOf(wanted).filter((word) => wordsOf(name).includes(word));
  const sharing = names.filter((name) => shared(name).length > 0);
  if (sharing.length > 0) return sharing.sort((a, b) => shared(b).length - shared(a).length);
  const distances = names.map((name) => {
    const whole = editDistance(wanted, name.toLowerCase());
    const parts = wordsOf(name).map((word) => editDistance(wanted, word));
    return { name, whole, distance: Math.min(whole, ...parts) };
  });
  const least = distances.reduce((best, { distance }) => Math.min(best, distance), Infinity);
  if (least > Math.max(1, Math.floor(wanted.length / 3))) return [];
  return distances.filter(({ distance }) => distance === least)
    .sort((a, b) => a.whole - b.whole).map(({ name }) => name);
}

/** Splits a name into words. Short words such as "of" are left out: everything is near to them. */
function wordsOf(name: string): string[] {
  return name.toLowerCase().split(/[^\p{L}\p{N}]+/u).filter((word) => word.length > 2);
}

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length];
}
