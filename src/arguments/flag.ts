/**
 * One flag of a script as data. Parsing, `--help`, docs/flags.md and the tests of bad input are all made from these.
 * @module
 */

/** Sections of `--help`, in the order in which they are printed. */
export const FLAG_GROUPS = ["Sampling", "Solver", "Model", "CUDA", "Output", "Run"] as const;

interface FlagBase {
  /** Other long names, without dashes. `_` and `-` are alike in every long name. */
  aliases?: readonly string[];
  /** One-letter name, without its dash. */
  short?: string;
  group: typeof FLAG_GROUPS[number];
  /** Recorded only where it has a value: a run without it then keeps the bytes that it had before there was such a flag. */
  sparse?: true;
  /** One line for `--help`. */
  help: string;
  /**
   * What the flag touches. `result` (the default): recorded in manifest and images. `execution`: how a run is executed but
   * never what it gives, so it stays out of the images and the same seed gives the same bytes. `place`: where a model lies, which
   * is nobody's business who gets the image. `session`: this call alone, never recorded.
   */
  scope?: "result" | "execution" | "place" | "session";
}

/** A number; `integer` when it must be whole. */
export interface NumberFlag extends FlagBase {
  type: "number" | "integer";
  min: number;
  max: number;
  /** A single value allowed outside the range, such as a seed of −1. */
  also?: number;
  /** A word that is taken in the place of a number. */
  word?: string;
  /** Only multiples of this are taken. */
  multipleOf?: number;
  default?: number;
  /** The default counts only where nothing else that is given says how many. */
  soft?: true;
}

/** A text; `empty: true` allows the empty one. */
export interface StringFlag extends FlagBase {
  type: "string";
  /** What the value is called in `--help`: `DIR`, `FILE`, … */
  value: string;
  /** The value is a path that is written to as well, as that of every flag of the group Output. */
  writes?: true;
  empty?: boolean;
  default?: string;
}

/** One of a few words. */
export interface ChoiceFlag<C extends string = string> extends FlagBase {
  type: "choice";
  choices: readonly C[];
  default?: C;
}

/** Present or absent. */
export interface BooleanFlag extends FlagBase {
  type: "boolean";
}

/** Any flag. */
export type Flag = NumberFlag | StringFlag | ChoiceFlag | BooleanFlag;

/** The flags of one script by their official name. */
export type FlagTable = Readonly<Record<string, Flag>>;

type ValueOf<F> = F extends BooleanFlag ? boolean
  : F extends NumberFlag ?
      | number
      | (F extends { default: number } ? never : undefined)
      | (F extends { word: infer W extends string } ? W : never)
  : F extends ChoiceFlag<infer C> ? (F extends { default: string } ? C : C | undefined)
  : F extends StringFlag ? (F extends { default: string } ? string : string | undefined)
  : never;

/** The values of a table, typed by it: a flag without a default may be `undefined`. */
export type FlagValues<T extends FlagTable> = { -readonly [K in keyof T]: ValueOf<T[K]> };

/** What a flag's value is used for where it is a path. */
export function pathAccess(flag: Flag): "read" | "write" | undefined {
  if (flag.type !== "string" || (flag.value !== "DIR" && flag.value !== "FILE")) return undefined;
  return flag.group === "Output" || flag.writes ? "write" : "read";
}

/** The range of a number flag in words: `1-1000`, `>= 0`, `-1, or 0-9007199254740991`, `auto, or >= 1`. */
export function describeRange(flag: NumberFlag): string {
  if (flag.word !== undefined) {
    return `${flag.word}, or ${describeRange({ ...flag, word: undefined })}`;
  }
  const high = Number.isFinite(flag.max) && flag.max < Number.MAX_SAFE_INTEGER;
  const range = high || flag.also !== undefined ? `${flag.min}-${flag.max}` : `>= ${flag.min}`;
  if (flag.multipleOf !== undefined) return `${range}, a multiple of ${flag.multipleOf}`;
  return flag.also === undefined ? range : `${flag.also}, or ${range}`;
}

/** What a flag takes, in words that finish "takes …". */
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

/** Whether a flag takes a value of JSON's types. */
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
