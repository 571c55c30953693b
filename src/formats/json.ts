/**
 * A strict JSON reader for files that may be hostile: manifests, checkpoints, scheduler
 * configurations, safetensors headers.
 *
 * It accepts less than `JSON.parse`: no duplicate keys (readers disagree on which one counts), no
 * `__proto__`, no lone surrogates, no numbers beyond a double, and only a limited size and depth.
 * Errors name line, column and byte. RFC 8259 is the grammar.
 * @module
 */
import { FormatError } from "../errors.ts";
import { refuseForeign } from "./foreign_file.ts";
import { shown } from "../text.ts";

/** A parsed JSON value. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

/** A parsed JSON object. It inherits nothing, so an absent key is `undefined` whatever its name. */
export interface JsonObject {
  /** Value of a key, `undefined` if it is absent. */
  readonly [key: string]: JsonValue | undefined;
}

/** Limits and labels of {@link readJson}. */
export interface ReadJsonOptions {
  /** Name of the file in messages; default `"JSON"`. */
  file?: string;
  /** Largest accepted size in bytes; default 64 MiB. */
  maxBytes?: number;
  /** Deepest accepted nesting of arrays and objects; default 64. */
  maxDepth?: number;
  /** Most values, containers included, to limit memory; default 1,000,000. */
  maxValues?: number;
  /**
   * Accept only non-negative decimal integers up to 2^53 − 1, without sign, fraction or exponent;
   * default `false`.
   */
  naturalsOnly?: boolean;
  /** Accept NaN, Infinity and -Infinity, as Python's `json` writes them; default `false`. */
  nonFinite?: boolean;
  /** Where `bytes` starts within `file`, added to the byte offsets in messages; default 0. */
  baseOffset?: number;
  /**
   * Receives the position of every value, `line 3, column 5`, by its JSON pointer (RFC 6901):
   * `/grid/seed/0`. For small files.
   */
  places?: Map<string, string>;
}

/** True for an object as {@link readJson} returns it: neither null nor an array. */
export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Parses UTF-8 JSON bytes strictly.
 *
 * @param bytes the whole text, without a byte order mark
 * @throws {FormatError} naming file, line, column and byte, what was met and what was wanted
 *
 * @example
 * ```ts
 * import { readJson } from "@parataa/parataa";
 * import assert from "node:assert/strict";
 * const parse = (text: string) => readJson(new TextEncoder().encode(text), { file: "a.json" });
 * assert.equal(JSON.stringify(parse('[1, {"b": null}]')), '[1,{"b":null}]');
 * assert.throws(() => parse('{"a": 1, "a": 2}'), /a\.json: line 1, column 10 .*duplicate key "a"/);
 * ```
 */
export function readJson(bytes: Uint8Array, options: ReadJsonOptions = {}): JsonValue {
  const { file = "JSON", maxBytes = 64 * 2 ** 20 } = options;
  if (bytes.length > maxBytes) {
    throw new FormatError(`${file}: ${bytes.length} bytes of JSON, at most ${maxBytes} accepted`);
  }
  refuseForeign(bytes, { file, wanted: "JSON", own: ["json"] });
  return new Parser(decodeUtf8(bytes, file, options.baseOffset ?? 0), file, options).document();
}

/** Decodes UTF-8 and refuses invalid bytes. A byte order mark stays; the grammar refuses it. */
function decodeUtf8(bytes: Uint8Array, file: string, baseOffset: number): string {
  const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  try {
    return strict.decode(bytes);
  } catch (cause) {
    const lenient = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
    const at = baseOffset + utf8Length(lenient.slice(0, lenient.indexOf("\ufffd")));
    throw new FormatError(`${file}: byte ${at} or after is not UTF-8`, { cause });
  }
}

function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const NATURAL = /^(?:0|[1-9][0-9]*)$/;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
type Keyword = readonly [string, null | boolean | number];
const KEYWORDS: readonly Keyword[] = [["null", null], ["true", true], ["false", false]];
const NON_FINITE: readonly Keyword[] = [
  ["NaN", NaN],
  ["Infinity", Infinity],
  ["-Infinity", -Infinity],
];

/**
 * Creates objects whose prototype is empty: as safe against inherited names as
 * `Object.create(null)`, and smaller, since V8 stores the latter as hash tables.
 */
const Bare = function () {} as unknown as { new (): Record<string, JsonValue>; prototype: object };
Bare.prototype = Object.freeze(Object.create(null));

class Parser {
  readonly #text: string;
  readonly #file: string;
  readonly #options: Required<Omit<ReadJsonOptions, "file" | "maxBytes" | "places">>;
  readonly #places: Map<string, string> | undefined;
  /** Keys and indexes that lead to the current value. */
  readonly #path: (string | number)[] = [];
  #at = 0;
  #depth = 0;
  #values = 0;

  constructor(text: string, file: string, options: ReadJsonOptions) {
    this.#text = text;
    this.#file = file;
    this.#places = options.places;
    this.#options = {
      maxDepth: options.maxDepth ?? 64,
      maxValues: options.maxValues ?? 1_000_000,
      naturalsOnly: options.naturalsOnly ?? false,
      nonFinite: options.nonFinite ?? false,
      baseOffset: options.baseOffset ?? 0,
    };
  }

  document(): JsonValue {
    this.#skip(SPACE);
    const value = this.#value();
    this.#skip(SPACE);
    if (this.#at < this.#text.length) this.#refuse(`${this.#met()} after the end of the value`);
    return value;
  }

  #value(): JsonValue {
    const { maxValues } = this.#options;
    if (++this.#values > maxValues) this.#refuse(`more than ${maxValues} values`);
    this.#places?.set(pointer(this.#path), this.#place(this.#at));
    switch (this.#text[this.#at]) {
      case "{":
        return this.#nested(() => this.#object());
      case "[":
        return this.#nested(() => this.#array());
      case '"':
        return this.#string();
      default:
        return this.#numberOrKeyword();
    }
  }

  #nested<T>(read: () => T): T {
    const { maxDepth } = this.#options;
    if (++this.#depth > maxDepth) this.#refuse(`nested more than ${maxDepth} deep`);
    this.#at++;
    this.#skip(SPACE);
    const value = read();
    this.#depth--;
    return value;
  }

  #object(): JsonObject {
    const object = new Bare();
    if (this.#take("}")) return object;
    do {
      this.#skip(SPACE);
      const start = this.#at;
      if (this.#text[start] !== '"') this.#refuse(`${this.#met()}, expected a key in quotes`);
      const key = this.#string();
      if (key === "__proto__") this.#refuse("the key __proto__ is not accepted", start);
      if (key in object) this.#refuse(`duplicate key ${shown(key)}`, start);
      this.#skip(SPACE);
      if (!this.#take(":")) this.#refuse(`${this.#met()}, expected ":"`);
      this.#skip(SPACE);
      object[key] = this.#child(key);
      this.#skip(SPACE);
    } while (this.#take(","));
    if (!this.#take("}")) this.#refuse(`${this.#met()}, expected "," or "}"`);
    return object;
  }

  #array(): JsonValue[] {
    const array: JsonValue[] = [];
    if (this.#take("]")) return array;
    do {
      this.#skip(SPACE);
      array.push(this.#child(array.length));
      this.#skip(SPACE);
    } while (this.#take(","));
    if (!this.#take("]")) this.#refuse(`${this.#met()}, expected "," or "]"`);
    return array;
  }

  #child(name: string | number): JsonValue {
    this.#path.push(name);
    const value = this.#value();
    this.#path.pop();
    return value;
  }

  /**
   * Reads character by character: a regular expression that repeats a group overflows its stack on
   * millions of escapes.
   */
  #string(): string {
    const start = this.#at++;
    let escaped = false;
    for (;;) {
      const unit = this.#text.charCodeAt(this.#at);
      if (unit === QUOTE) break;
      if (unit === BACKSLASH) {
        if (!this.#skip(ESCAPE)) this.#refuse("unknown escape");
        escaped = true;
      } else if (unit >= 0x20) this.#at++;
      else this.#refuse(`${this.#met()} in a string`);
    }
    const literal = this.#text.slice(start, ++this.#at);
    if (!escaped) return literal.slice(1, -1);
    const value = JSON.parse(literal) as string;
    if (!value.isWellFormed()) this.#refuse("a string with half a surrogate pair", start);
    return value;
  }

  #numberOrKeyword(): number | boolean | null {
    const start = this.#at;
    if (!this.#skip(NUMBER)) return this.#keyword();
    const literal = this.#text.slice(start, this.#at);
    const number = Number(literal);
    if (!Number.isFinite(number)) this.#refuse(`${shown(literal)} exceeds a double`, start);
    if (this.#options.naturalsOnly && !(NATURAL.test(literal) && Number.isSafeInteger(number))) {
      this.#refuse(`${shown(literal)}, wanted an integer from 0 to 2^53 - 1`, start);
    }
    return number;
  }

  #keyword(): number | boolean | null {
    const words = this.#options.nonFinite ? [...KEYWORDS, ...NON_FINITE] : KEYWORDS;
    for (const [word, value] of words) {
      if (!this.#text.startsWith(word, this.#at)) continue;
      this.#at += word.length;
      return value;
    }
    return this.#refuse(`${this.#met()}, expected a value`);
  }

  /** Moves past a match of the sticky `pattern`; false if it does not match here. */
  #skip(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    const matched = pattern.test(this.#text);
    if (matched) this.#at = pattern.lastIndex;
    return matched;
  }

  #take(char: string): boolean {
    if (this.#text[this.#at] !== char) return false;
    this.#at++;
    return true;
  }

  #met(): string {
    const point = this.#text.codePointAt(this.#at);
    return point === undefined ? "end of text" : shown(String.fromCodePoint(point));
  }

  #refuse(what: string, at = this.#at): never {
    const byte = this.#options.baseOffset + utf8Length(this.#text.slice(0, at));
    throw new FormatError(`${this.#file}: ${this.#place(at)} (byte ${byte}): ${what}`);
  }

  #place(at: number): string {
    const before = this.#text.slice(0, at);
    let line = 1;
    for (let i = before.indexOf("\n"); i >= 0; i = before.indexOf("\n", i + 1)) line++;
    return `line ${line}, column ${at - before.lastIndexOf("\n")}`;
  }
}

/** Returns the JSON pointer of a path. */
function pointer(path: readonly (string | number)[]): string {
  const escaped = path.map((part) => String(part).replaceAll("~", "~0").replaceAll("/", "~1"));
  return escaped.map((part) => `/${part}`).join("");
}
