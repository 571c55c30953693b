/**
 * Checks of provider options, because providers ignore unknown names.
 * @module
 */

/** Values of an option: one of some words, a number of a range, or any text. */
export type OptionCheck =
  | readonly string[]
  | { readonly min: number; readonly max: number }
  | { readonly matches: RegExp; readonly wanted: string }
  | "text";

/** Options of a provider, by name. */
export type OptionChecks = Readonly<Record<string, OptionCheck>>;

/** Values of an option that is off or on. */
export const SWITCH: OptionCheck = ["0", "1"];
/** Values of an option that is false or true. */
export const BOOLEAN: OptionCheck = ["false", "true", "False", "True"];
/** A whole number. */
export const WHOLE: OptionCheck = { min: 0, max: Number.MAX_SAFE_INTEGER };

/** Describes an error in an option, as text that follows its name; `undefined` if there is none. */
export function optionProblem(
  checks: OptionChecks,
  name: string,
  value: string,
): string | undefined {
  if (!Object.hasOwn(checks, name)) {
    const names = Object.keys(checks).join(", ");
    return `is not an option of this provider; wanted ${names || "none: it has no options"}`;
  }
  const check = checks[name];
  const shown = JSON.stringify(value);
  if (check === "text") return value === "" ? "is empty" : undefined;
  if (isWords(check)) {
    return check.includes(value) ? undefined : `is ${shown}, wanted one of ${check.join(", ")}`;
  }
  if ("matches" in check) {
    return check.matches.test(value) ? undefined : `is ${shown}, wanted ${check.wanted}`;
  }
  const { min, max } = check;
  if (/^\d+$/.test(value) && Number(value) >= min && Number(value) <= max) return undefined;
  const range = max === Number.MAX_SAFE_INTEGER ? `from ${min}` : `from ${min} to ${max}`;
  return `is ${shown}, wanted a whole number ${range}`;
}

function isWords(check: OptionCheck): check is readonly string[] {
  return Array.isArray(check);
}
