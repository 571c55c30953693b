/**
 * A flag of a script as data. Parsing, `--help`, docs/flags.md and the tests of bad input are
 * generated from the flag tables.
 * @module
 */

/** Sections of `--help`, in printed order. */
export const FLAG_GROUPS = ["Sampling", "Solver", "Model", "CUDA", "Output", "Run"] as const;

/** Maximum of an integer flag without a limit. */
export const NO_LIMIT = Number.MAX_SAFE_INTEGER;

interface FlagBase {
  /** Other long names, without dashes. `-` is accepted for `_` in every long name. */
  aliases?: readonly string[];
  /** One-letter name, without its dash. */
  short?: string;
  group: typeof FLAG_GROUPS[number];
  /**
   * Record the flag only if it has a value. Runs without it keep the bytes of versions before the
   * flag existed.
   */
  sparse?: true;
  /** One line for `--help`. */
  help: string;
  /**
   * Scope of the flag. `result` (the default): affects the result, recorded in manifest and images.
   * `execution`: affects only how the run is executed, recorded in the manifest; images omit it, so
   * the same seed gives the same bytes. `place`: a local path, omitted from image metadata.
   * `session`: affects this call only, never recorded.
   */
  scope?: "result" | "execution" | "place" | "session";
}

/** A numeric flag; `integer` accepts only integers. */
export interface NumberFlag extends FlagBase {
  type: "number" | "integer";
  min: number;
  max: number;
  /** A single value allowed outside the range, such as a seed of −1. */
  also?: number;
  /** A word that is accepted instead of a number. */
  word?: string;
  /** Only multiples of this are accepted. */
  multipleOf?: number;
  default?: number;
  /** The default applies only if no other given setting determines the count. */
  soft?: true;
}

/** A string flag; `empty: true` allows the empty string. */
export interface StringFlag extends FlagBase {
  type: "string";
  /** Name of the value in `--help`: `DIR`, `FILE`, … */
  value: string;
  /** The value is a path that is written to; always true for flags of the group Output. */
  writes?: true;
  empty?: boolean;
  default?: string;
}

/** A flag with a fixed set of values. */
export interface ChoiceFlag<C extends string = string> extends FlagBase {
  type: "choice";
  choices: readonly C[];
  default?: C;
}

/** A flag without a value. */
export interface BooleanFlag extends FlagBase {
  type: "boolean";
}

/** Any flag. */
export type Flag = NumberFlag | StringFlag | ChoiceFlag | BooleanFlag;

/** Flags of one script by their official name. */
export type FlagTable = Readonly<Record<string, Flag>>;

type ValueOf<F> = F extends BooleanFlag ? boolean
  : F extends NumberFlag ?
      | number
      | (F extends { default: number } ? never : undefined)
      | (F extends { word: infer W extends string } ? W : never)
  : F extends ChoiceFlag<infer C> ? (F extends { default: string } ? C : C | undefined)
  : F extends StringFlag ? (F extends { default: string } ? string : string | undefined)
  : never;

/** Typed values of a flag table; a flag without a default may be `undefined`. */
export type FlagValues<T extends FlagTable> = { -readonly [K in keyof T]: ValueOf<T[K]> };

/** Access that the flag's value needs if it is a path. */
export function pathAccess(flag: Flag): "read" | "write" | undefined {
  if (flag.type !== "string" || (flag.value !== "DIR" && flag.value !== "FILE")) return undefined;
  return flag.group === "Output" || flag.writes ? "write" : "read";
}

/**
 * Range of a numeric flag as text: `1-1000`, `>= 0`, `-1, or 0-9007199254740991`, `auto, or >= 1`.
 */
export function describeRange(flag: NumberFlag): string {
  if (flag.word !== undefined) {
    return `${flag.word}, or ${describeRange({ ...flag, word: undefined })}`;
  }
  if (flag.min === flag.max) return String(flag.min);
  const high = Number.isFinite(flag.max) && flag.max < Number.MAX_SAFE_INTEGER;
  const range = high || flag.also !== undefined ? `${flag.min}-${flag.max}` : `>= ${flag.min}`;
  if (flag.multipleOf !== undefined) return `${range}, a multiple of ${flag.multipleOf}`;
  return flag.also === undefined ? range : `${flag.also}, or ${range}`;
}

/** Accepted values of a flag as text, to follow "takes". */
export function describeWanted(flag: Flag): string {
  switch (flag.type) {
    case "boolean":
      return "no value";
    case "choice":
      return `one of ${flag.choices.join(", ")}`;
    case "string":
      return flag.empty ? "a text" : `a text that is not empty (${flag.value})`;
    case "integer":
      return `a whole number, ${describeRange(flag)}`;
    case "number":
      return `a finite number, ${describeRange(flag)}`;
  }
}

/** Whether a flag accepts a JSON value. */
export function takes(flag: Flag, value: unknown): boolean {
  switch (flag.type) {
    case "boolean":
      return typeof value === "boolean";
    case "choice":
      return flag.choices.some((choice) => choice === value);
    case "string":
      return typeof value === "string" && (value !== "" || flag.empty === true) &&
        !value.includes("\0");
    default: {
      if (value === flag.word && value !== undefined) return true;
      if (typeof value !== "number" || !Number.isFinite(value)) return false;
      const { min, max, also, multipleOf = 0, type } = flag;
      const whole = type === "number" || Number.isInteger(value);
      const fits = multipleOf === 0 || value % multipleOf === 0;
      return (whole && fits && value >= min && value <= max) || value === also;
    }
  }
}
