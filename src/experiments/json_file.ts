/** A JSON file of the user's, read so that every refusal names line and column. @module */
import { FormatError } from "../errors.ts";
import { isJsonObject, type JsonObject, type JsonValue, readJson } from "../formats/json.ts";
import { show } from "../arguments/parse_flags.ts";

/** Large enough for any experiment; the place of every value is kept. */
const MOST_BYTES = 1 << 18;

/** The file's values with their places. Names of values are JSON pointers: `/grid/order/0`. */
export class JsonFile {
  /** Name in messages. */
  readonly file: string;
  /** The outermost value. */
  readonly root: JsonValue;
  readonly #places = new Map<string, string>();

  /** @throws {FormatError} on what is no strict JSON: comments, trailing commas, duplicate keys */
  constructor(bytes: Uint8Array, file: string) {
    this.file = file;
    try {
      this.root = readJson(bytes, { file, maxBytes: MOST_BYTES, places: this.#places });
    } catch (error) {
      if (!(error instanceof FormatError) || !/: "\/", /.test(error.message)) throw error;
      throw new FormatError(error.message, { hint: "JSON has no comments", cause: error });
    }
  }

  /** `sweep.json: line 3, column 5: grid.order`. */
  at(pointer: string): string {
    const place = this.#places.get(pointer) ?? this.#places.get("");
    const name = pointer.slice(1).replaceAll("/", ".").replaceAll("~1", "/").replaceAll("~0", "~");
    return `${this.file}: ${place}: ${name || "the whole"}`;
  }

  /** @throws {FormatError} saying what stands there and what is wanted */
  refuse(pointer: string, value: unknown, wanted: string): never {
    const met = value === undefined ? "missing" : show(value);
    throw new FormatError(`${this.at(pointer)} is ${met}, wanted ${wanted}`);
  }

  /** Holds that a value is an object. */
  object(pointer: string, value: JsonValue | undefined): JsonObject {
    return isJsonObject(value) ? value : this.refuse(pointer, value, "an object, { … }");
  }

  /** Holds that a value is a list that is not empty. */
  list(pointer: string, value: JsonValue | undefined): readonly JsonValue[] {
    if (Array.isArray(value) && value.length > 0) return value;
    return this.refuse(pointer, value, "a list that is not empty, [ … ]");
  }

  /** Holds that a value is a whole number in a range. */
  integer(pointer: string, value: JsonValue | undefined, [min, max]: [number, number]): number {
    const sound = Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max;
    return sound ? Number(value) : this.refuse(pointer, value, `a whole number, ${min}-${max}`);
  }

  /** Holds that a value is a text. */
  text(pointer: string, value: JsonValue): string {
    return typeof value === "string" ? value : this.refuse(pointer, value, "a text");
  }

  /** Holds that a value is one of a few words. */
  word<W extends string>(pointer: string, value: JsonValue | undefined, words: readonly W[]): W {
    const word = words.find((word) => word === value);
    return word ?? this.refuse(pointer, value, `one of ${words.join(", ")}`);
  }
}

/** The pointer of a key or an index below another. */
export function below(pointer: string, name: string | number): string {
  return `${pointer}/${String(name).replaceAll("~", "~0").replaceAll("/", "~1")}`;
}
