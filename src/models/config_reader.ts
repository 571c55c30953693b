/** Typed reading of a model's JSON configuration. @module */
import { ModelError } from "../errors.ts";
import type { JsonObject, JsonValue } from "../formats/json.ts";
import { shownValue } from "../text.ts";

/** Reads keys of an expected type, and records which keys were not read. */
export class ConfigReader {
  readonly #where: string;
  readonly #json: JsonObject;
  readonly #asked = new Set<string>();

  /** @param where path of the file, for messages */
  constructor(where: string, json: JsonObject) {
    this.#where = where;
    this.#json = json;
  }

  /** Whether the file has no keys. */
  get empty(): boolean {
    return Object.keys(this.#json).length === 0;
  }

  /** Keys that have not been read. */
  get unread(): readonly string[] {
    return Object.keys(this.#json).filter((key) => !this.#asked.has(key));
  }

  /** Returns a value without a type check; `undefined` if the key is absent. */
  get(key: string): JsonValue | undefined {
    this.#asked.add(key);
    return this.#json[key];
  }

  /** Reads a finite number. */
  number(key: string): number | undefined {
    const value = this.get(key);
    if (value === undefined || (typeof value === "number" && Number.isFinite(value))) return value;
    throw this.wrong(key, "a finite number");
  }

  /** Reads a boolean; null is false, as in Python. */
  flag(key: string): boolean | undefined {
    const value = this.get(key);
    if (value === undefined || typeof value === "boolean") return value;
    if (value === null) return false;
    throw this.wrong(key, "true or false");
  }

  /** Reads an integer from 1 to `most`. */
  size(key: string, { fallback, most }: { fallback?: number; most: number }): number {
    const value = this.get(key) ?? fallback;
    if (isSize(value, most)) return value;
    throw this.wrong(key, `a whole number from 1 to ${most}`);
  }

  /** Reads `count` integers from 1 to `most`; a single one applies to all. */
  sizes(
    key: string,
    { fallback, most, count }: { fallback?: number; most: number; count: number },
  ): number[] {
    const value = this.get(key) ?? fallback;
    if (isSize(value, most)) return new Array(count).fill(value);
    const fits = Array.isArray(value) && value.length === count &&
      value.every((one) => isSize(one, most));
    if (fits) return [...value as number[]];
    throw this.wrong(key, `a whole number from 1 to ${most}, or ${count} of them`);
  }

  /** Refuses values of other architectures. An absent key counts as the first allowed value. */
  fixed(allowed: Readonly<Record<string, readonly JsonValue[]>>): void {
    for (const [key, values] of Object.entries(allowed)) {
      const value = this.get(key);
      if (value === undefined || values.includes(value)) continue;
      const texts = values.map((one) => typeof one === "string" ? one : JSON.stringify(one));
      throw this.wrong(key, texts.join(" or "));
    }
  }

  /** Reads one of several words. */
  oneOf<T extends string>(key: string, choices: readonly T[]): T | undefined {
    const value = this.get(key);
    const choice = choices.find((choice) => choice === value);
    if (choice !== undefined || value === undefined) return choice;
    throw this.wrong(key, choices.length === 1 ? choices[0] : `one of ${choices.join(", ")}`);
  }

  /** Returns an error that names the key, the value met and the values wanted. */
  wrong(key: string, wanted: string, hint?: string): ModelError {
    const value = this.#json[key];
    const found = value === undefined ? "missing" : shownValue(value);
    return this.refusal(`${key} is ${found}, wanted ${wanted}`, hint);
  }

  /** Returns an error that names the file. */
  refusal(what: string, hint?: string): ModelError {
    return new ModelError(`${this.#where}: ${what}`, { hint });
  }
}

function isSize(value: JsonValue | undefined, most: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= most;
}
