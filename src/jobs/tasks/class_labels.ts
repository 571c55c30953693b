/** Parses class labels: numbers or names. @module */
import { UsageError } from "../../errors.ts";
import { plural, shownValue } from "../../text.ts";
import { similarWords } from "../../formats/nearest_word.ts";
import type { ClassNames } from "../../models/class_names.ts";

/** Maximum number of suggestions in an error. */
const MAX_NEAR = 5;

/** Parsed class labels. */
export interface ClassLabels {
  /** Numbers of the classes. */
  labels: number[];
  /** Notes for the user: classes whose main name differs from the given one. */
  notes: string[];
}

/**
 * Parses `A,B,…`, each a class number or a class name. Adjacent labels that are names of one class
 * count once, so that the whole label of a class may be given with its commas.
 *
 * @throws {UsageError} naming a label that is unknown, with the nearest names, or ambiguous
 */
export function parseClassLabels(text: string, classes: ClassNames): ClassLabels {
  const parts = text.split(",").map((part) => part.trim());
  const found: ClassLabels = { labels: [], notes: [] };
  for (let start = 0; start < parts.length;) {
    const { candidates, end } = longestLabel(parts, start, classes);
    const label = parts.slice(start, end).join(", ");
    const number = onlyCandidate(label, candidates, classes);
    found.labels.push(number);
    const [first] = classes[number];
    // A class is often broader than the given name.
    if (!sameName(label, first) && !isNumber(label)) {
      const one = end - start > 1 ? "one class, " : "class ";
      found.notes.push(`${shownValue(label)} is ${one}${number} (${first})`);
    }
    start = end;
  }
  return found;
}

/** Number of adjacent labels that are names of one class, as many as possible. */
function longestLabel(
  parts: readonly string[],
  start: number,
  classes: ClassNames,
): { candidates: readonly number[]; end: number } {
  let candidates = classesOf(parts[start], classes);
  let end = start + 1;
  while (end < parts.length && !isNumber(parts[end])) {
    if (parts.slice(start, end).some((part) => sameName(part, parts[end]))) break;
    const next = classesOf(parts[end], classes);
    const both = candidates.filter((number) => next.includes(number));
    if (both.length === 0) break;
    candidates = both;
    end++;
  }
  return { candidates, end };
}

function classesOf(part: string, classes: ClassNames): number[] {
  if (isNumber(part)) return Number(part) < classes.length ? [Number(part)] : [];
  return classes.flatMap((names, number) =>
    names.some((name) => sameName(name, part)) ? [number] : []
  );
}

function onlyCandidate(label: string, candidates: readonly number[], classes: ClassNames): number {
  if (candidates.length === 1) return candidates[0];
  if (candidates.length > 1) {
    const all = candidates.map((number) => `class ${number} (${classes[number].join(", ")})`);
    throw new UsageError(
      (name) => `${name("classLabels")} has ${shownValue(label)}, which is ${all.join(" and ")}`,
      {
        hint: `give the number: ${candidates.join(" or ")}`,
      },
    );
  }
  const near = similarWords(label, classes.flat()).slice(0, MAX_NEAR);
  throw new UsageError(
    (name) =>
      `${name("classLabels")} has ${shownValue(label)}, wanted a number from 0 to ${
        classes.length - 1
      } or a class's name`,
    {
      hint: (name) =>
        `${near.length > 0 ? `near: ${near.join(", ")}; ` : ""}${
          name("listClasses")
        } prints them all`,
    },
  );
}

function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function isNumber(part: string): boolean {
  return /^[0-9]+$/.test(part);
}

/** Refuses a number of classes that is neither one for all samples nor one per sample. */
export function expectLabels({ length }: readonly number[], count: number): void {
  if (length === 1 || length === count) return;
  const samples = plural(count, "sample"), wanted = count === 1 ? "1" : `1 or ${count}`;
  throw new UsageError((name) =>
    `${name("classLabels")} names ${length} classes for ${samples}, wanted ${wanted}`
  );
}
