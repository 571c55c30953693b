/** Reads a JSON file with errors that name line and column. @module */
import { FormatError } from "../errors.ts";
import { isJsonObject, type JsonObject, type JsonValue, readJson } from "../formats/json.ts";
import { shownValue } from "../text.ts";

/** Maximum file size, since the position of every value is kept. */
const MAX_BYTES = 1 << 18;

/**
 * A parsed JSON file with the positions of its values. Values are named by JSON pointers:
 * `/grid/order/0`.
 */
export class JsonFile {
  /** File name in messages. */
  readonly file: string;
  /** The root value. */
  readonly root: JsonValue;
  readonly #places = new Map<string, string>();

  /**
   * @throws {FormatError} when the file is not strict JSON: no comments, trailing commas or
   *   duplicate keys
   */
  constructor(bytes: Uint8Array, file: string) {
    this.file = file;
    try {
      this.root = readJson(bytes, { file, maxBytes: MAX_BYTES, places: this.#places });
    } catch (error) {
      if (!(error instanceof FormatError) || !/: "\/", /.test(error.message)) throw error;
      throw new FormatError(error.message, { hint: "JSON has no comments", cause: error });
    }
  }

  /** Position and name of a value: `sweep.json: line 3, column 5: grid.order`. */
  at(pointer: string): string {
    const place = this.#places.get(pointer) ?? this.#places.get("");
    const name = pointer.slice(1).replaceAll("/", ".").replaceAll("~1", "/").replaceAll("~0", "~");
    return `${this.file}: ${place}: ${name || "the whole"}`;
  }

  /**
   * Refuses a value.
   *
   * @throws {FormatError} naming the position, the value met and the values wanted
   */
  refuse(pointer: string, value: unknown, wanted: string): never {
    const met = value === undefined ? "missing" : shownValue(value);
    throw new FormatError(`${this.at(pointer)} is ${met}, wanted ${wanted}`);
  }

  /** Validates that a value is an object. */
  object(pointer: string, value: JsonValue | undefined): JsonObject {
    return isJsonObject(value) ? value : this.refuse(pointer, value, "an object, { … }");
  }

  /** Validates that a value is a non-empty list. */
  list(pointer: string, value: JsonValue | undefined): readonly JsonValue[] {
    if (Array.isArray(value) && value.length > 0) return value;
    return this.refuse(pointer, value, "a list that is not empty, [ … ]");
  }

  /** Validates that a value is an integer in a range. */
  integer(pointer: string, value: JsonValue | undefined, [min, max]: [number, number]): number {
    const sound = Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max;
    return sound ? Number(value) : this.refuse(pointer, value, `a whole number, ${min}-${max}`);
  }

  /** Validates that a value is a string. */
  text(pointer: string, value: JsonValue): string {
    return typeof value === "string" ? value : this.refuse(pointer, value, "a text");
  }

  /** Validates that a value is one of the given words. */
  word<W extends string>(pointer: string, value: JsonValue | undefined, words: readonly W[]): W {
    const word = words.find((word) => word === value);
    return word ?? this.refuse(pointer, value, `one of ${words.join(", ")}`);
  }
}

/** JSON pointer of a key or index inside another value. */
export function childPointer(pointer: string, name: string | number): string {
  return `${pointer}/${String(name).replaceAll("~", "~0").replaceAll("/", "~1")}`;
}
