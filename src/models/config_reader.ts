/** Typed reading of a model's JSON configuration. @module */
import { ModelError } from "../errors.ts";
import type { JsonObject, JsonValue } from "../formats/json.ts";
import { shownValue } from "../text.ts";

/** Reads keys by the type that they must have, and knows which of them nobody asked for. */
export class ConfigReader {
  readonly #where: string;
  readonly #json: JsonObject;
  readonly #asked = new Set<string>();

  /** @param where path of the file, for messages */
  constructor(where: string, json: JsonObject) {
    this.#where = where;
    this.#json = json;
  }

  /** Whether the file holds any key. */
  get empty(): boolean {
    return Object.keys(this.#json).length === 0;
  }

  /** Keys that were not read. */
  get unread(): readonly string[] {
    return Object.keys(this.#json).filter((key) => !this.#asked.has(key));
  }

  /** The value as it is; `undefined` where the key is absent. */
  get(key: string): JsonValue | undefined {
    this.#asked.add(key);
    return this.#json[key];
  }

  /** A finite number. */
  number(key: string): number | undefined {
    const value = this.get(key);
    if (value === undefined || (typeof value === "number" && Number.isFinite(value))) return value;
    throw this.wrong(key, "a finite number");
  }

  /** A switch; null is off, as in Python. */
  flag(key: string): boolean | undefined {
    const value = this.get(key);
    if (value === undefined || typeof value === "boolean") return value;
    if (value === null) return false;
    throw this.wrong(key, "true or false");
  }

  /** One of a few words. */
  oneOf<T extends string>(key: string, choices: readonly T[]): T | undefined {
    const value = this.get(key);
    const choice = choices.find((choice) => choice === value);
    if (choice !== undefined || value === undefined) return choice;
    throw this.wrong(key, choices.length === 1 ? choices[0] : `one of ${choices.join(", ")}`);
  }

  /** Names the key, the value met and the values wanted. */
  wrong(key: string, wanted: string, hint?: string): ModelError {
    return this.refusal(`${key} is ${shownValue(this.#json[key])}, needed is ${wanted}`, hint);
  }

  /** An error that names the file. */
  refusal(what: string, hint?: string): ModelError {
    return new ModelError(`${this.#where}: ${what}`, { hint });
  }
}
