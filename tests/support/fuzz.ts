/**
 * A seeded mutation fuzzer for parsers of untrusted bytes.
 *
 * Each input is a valid file with one to four mutations. A parser passes if it returns or throws a
 * `FormatError` of one clean line, does not change its input, and gives the same result if other
 * bytes surround the input, which reading past the end would change. A failing input is saved in
 * `tests/fixtures/corpus/<name>/`, and {@link replayCorpus} runs that folder in every test.
 * @module
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { crc32 } from "node:zlib";
import { FormatError } from "../../src/errors.ts";

/** A parser and its inputs. */
export interface FuzzTarget {
  /** Folder of its corpus. */
  name: string;
  /** The parser. It may also check its result, and be asynchronous. */
  parse: (bytes: Uint8Array) => unknown;
  /** Valid files. */
  seeds: readonly Uint8Array[];
  /** Pieces of the format that mutations insert: keywords and values that have caused faults. */
  tokens: readonly (string | Uint8Array)[];
  /**
   * Repairs checksums and lengths of a mutant, so that it passes the first check. Half of the
   * mutants are repaired.
   */
  repair?: (bytes: Uint8Array) => Uint8Array;
}

/** Result of a run of {@link fuzz}. */
export interface FuzzReport {
  accepted: number;
  refused: number;
  /** Longest time of one parse. */
  slowestMs: number;
}

/**
 * A small generator of 32-bit numbers (mulberry32), so that a seed gives the same mutants on every
 * system.
 */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** Returns an integer from 0 to `limit` − 1. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let z = this.#state;
    z = Math.imul(z ^ (z >>> 15), z | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return Math.floor(((z ^ (z >>> 14)) >>> 0) / 2 ** 32 * limit);
  }

  /** Returns one of the items. */
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)];
  }
}

const MAGIC_BYTES = [0x00, 0x01, 0x0a, 0x20, 0x22, 0x5c, 0x7b, 0x7d, 0x7f, 0x80, 0xff];
const MAGIC_LENGTHS = [0n, 1n, 7n, 0x7fffn, 0xffffn, 2n ** 31n - 1n, 2n ** 31n, 2n ** 32n - 1n]
  .concat([2n ** 32n, 2n ** 53n - 1n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n, 100_000_001n]);

type Mutation = (bytes: Uint8Array, random: Random, target: FuzzTarget) => Uint8Array;

/** Returns `bytes` with `removed` bytes at `at` replaced by `piece`. */
function splice(bytes: Uint8Array, at: number, removed: number, piece: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length - removed + piece.length);
  out.set(bytes.subarray(0, at));
  out.set(piece, at);
  out.set(bytes.subarray(at + removed), at + piece.length);
  return out;
}

/** Returns a random range of `bytes` of at most 64 bytes. */
function piece(bytes: Uint8Array, random: Random): { at: number; length: number } {
  const at = random.below(bytes.length + 1);
  return { at, length: random.below(Math.min(64, bytes.length - at) + 1) };
}

function tokenOf(random: Random, { tokens }: FuzzTarget): Uint8Array {
  const token = random.pick(tokens);
  return typeof token === "string" ? new TextEncoder().encode(token) : token;
}

const MUTATIONS: readonly Mutation[] = [
  function truncate(bytes, random) {
    return bytes.slice(0, random.below(bytes.length + 1));
  },
  function flipBit(bytes, random) {
    const out = bytes.slice();
    if (out.length > 0) out[random.below(out.length)] ^= 1 << random.below(8);
    return out;
  },
  function setByte(bytes, random) {
    const out = bytes.slice();
    const value = random.below(2) ? random.pick(MAGIC_BYTES) : random.below(256);
    if (out.length > 0) out[random.below(out.length)] = value;
    return out;
  },
  function editDigit(bytes, random) {
    const out = bytes.slice();
    const digits = [...out.keys()].filter((i) => out[i] >= 0x30 && out[i] <= 0x39);
    if (digits.length > 0) out[random.pick(digits)] = 0x30 + random.below(10);
    return out;
  },
  function editLength(bytes, random) {
    const out = bytes.slice();
    const width = random.pick([2, 4, 8]);
    if (out.length < width) return out;
    // Length fields are mostly near the start, and interesting changes are small.
    const at = random.below(
      random.below(2) ? Math.min(16, out.length - width + 1) : out.length - width + 1,
    );
    const near = BigInt(Math.max(0, out.length + random.below(33) - 16));
    const value = random.below(2) ? near : random.pick(MAGIC_LENGTHS);
    for (let i = 0; i < width; i++) {
      const shift = BigInt(8 * (random.below(2) || at < 8 ? i : width - 1 - i));
      out[at + i] = Number((value >> shift) & 0xffn);
    }
    return out;
  },
  function removePiece(bytes, random) {
    const { at, length } = piece(bytes, random);
    return splice(bytes, at, length, new Uint8Array(0));
  },
  function repeatPiece(bytes, random) {
    const { at, length } = piece(bytes, random);
    return splice(bytes, at, 0, bytes.slice(at, at + length));
  },
  function crossOver(bytes, random, { seeds }) {
    const other = random.pick(seeds);
    const { at, length } = piece(other, random);
    const here = piece(bytes, random);
    return splice(bytes, here.at, here.length, other.slice(at, at + length));
  },
  function insertToken(bytes, random, target) {
    return splice(bytes, random.below(bytes.length + 1), 0, tokenOf(random, target));
  },
  function replaceByToken(bytes, random, target) {
    const token = tokenOf(random, target);
    const at = random.below(bytes.length + 1);
    return splice(bytes, at, Math.min(token.length, bytes.length - at), token);
  },
];

/** Returns one mutant of one of the seeds. */
export function mutant(target: FuzzTarget, random: Random): Uint8Array {
  let bytes = random.pick(target.seeds);
  for (let left = 1 + random.below(4); left > 0; left--) {
    bytes = random.pick(MUTATIONS)(bytes, random, target);
  }
  return target.repair && random.below(2) ? target.repair(bytes) : bytes;
}

/** Runs `parse` on one input and checks the contract above. Returns its result or its message. */
async function outcome(
  parse: FuzzTarget["parse"],
  bytes: Uint8Array,
): Promise<{ value?: unknown; error?: string }> {
  try {
    return { value: await parse(bytes) };
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    assert(!/[\p{C}\p{Zl}\p{Zp}]/u.test(error.message), `unclean message ${error.message}`);
    assert(error.message.length < 500, `a message of ${error.message.length} characters`);
    return { error: error.message };
  }
}

/** Checks one input. Returns whether it was accepted. */
export async function checkInput({ parse }: FuzzTarget, bytes: Uint8Array): Promise<boolean> {
  const before = crc32(bytes);
  const alone = await outcome(parse, bytes);
  for (const filler of [0x00, 0xff]) {
    const frame = new Uint8Array(bytes.length + 48).fill(filler);
    frame.set(bytes, 17);
    const framed = await outcome(parse, frame.subarray(17, 17 + bytes.length));
    assert.deepEqual(framed, alone, "bytes around the input change the outcome");
  }
  assert.equal(crc32(bytes), before, "the parser changed its input");
  return alone.error === undefined;
}

/**
 * Passes `count` mutants to a parser.
 *
 * @throws at the first failure, after saving its input, with the seed and the number of the mutant
 */
export async function fuzz(
  target: FuzzTarget,
  { count, seed }: { count: number; seed: number },
): Promise<FuzzReport> {
  for (const bytes of target.seeds) assert(await checkInput(target, bytes), "a seed is not legal");
  const random = new Random(seed);
  const report: FuzzReport = { accepted: 0, refused: 0, slowestMs: 0 };
  for (let i = 0; i < count; i++) {
    const bytes = mutant(target, random);
    const start = performance.now();
    try {
      if (await checkInput(target, bytes)) report.accepted++;
      else report.refused++;
    } catch (cause) {
      const path = saveInput(target.name, bytes);
      throw new Error(`fuzz ${target.name}: seed ${seed}, mutant ${i}, saved as ${path}`, {
        cause,
      });
    }
    report.slowestMs = Math.max(report.slowestMs, performance.now() - start);
  }
  return report;
}

function corpusFolder(name: string): URL {
  return new URL(`../fixtures/corpus/${name}/`, import.meta.url);
}

function saveInput(name: string, bytes: Uint8Array): string {
  Deno.mkdirSync(corpusFolder(name), { recursive: true });
  const path = new URL(`${crc32(bytes).toString(16).padStart(8, "0")}.bin`, corpusFolder(name));
  Deno.writeFileSync(path, bytes);
  return fileURLToPath(path);
}

/** Checks every input of the corpus again. Returns their number. */
export async function replayCorpus(target: FuzzTarget): Promise<number> {
  let inputs = 0;
  for (const { name } of Deno.readDirSync(corpusFolder(target.name))) {
    const bytes = Deno.readFileSync(new URL(name, corpusFolder(target.name)));
    try {
      await checkInput(target, bytes);
    } catch (cause) {
      throw new Error(`corpus ${target.name}/${name}`, { cause });
    }
    inputs++;
  }
  return inputs;
}
