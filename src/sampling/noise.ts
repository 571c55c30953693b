/**
 * The random numbers of torch's CPU generator, which uses mt19937.
 *
 * The 32-bit stream, `randint` and the uniform numbers behind `randn` equal torch's bit for bit.
 * `randn` may differ in the last bit: torch takes `log`, `sin` and `cos` from the C library,
 * JavaScript from its engine.
 * @module
 */
import { checkInteger } from "./arguments.ts";

const STATE = 624, SHIFT = 397;
const BLOCK = 16, HALF = 8;

/**
 * A generator of the same numbers as `torch.Generator("cpu").manual_seed(seed)`.
 *
 * @example
 * ```ts
 * import { TorchGenerator } from "@parataa/parataa";
 * import assert from "node:assert/strict";
 *
 * const generator = new TorchGenerator(3);
 * assert.deepEqual(generator.randint(0, 10, 3), [6, 8, 7]);
 * assert.equal(generator.randn(16).length, 16);
 * ```
 */
export class TorchGenerator {
  readonly #state = new Uint32Array(STATE);
  #next = STATE;
  #spareNormal: number | undefined;

  /**
   * Starts the stream of a seed.
   *
   * @param seed a whole number, taken modulo 2^32 as in torch
   */
  constructor(seed = 0) {
    this.manualSeed(seed);
  }

  /** Restarts the stream with `seed` (modulo 2^32). */
  manualSeed(seed: number): this {
    checkInteger("seed", seed, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
    const state = this.#state;
    state[0] = seed % 2 ** 32;
    for (let i = 1; i < STATE; i++) {
      const last = state[i - 1];
      state[i] = Math.imul(1812433253, last ^ (last >>> 30)) + i;
    }
    this.#next = STATE;
    this.#spareNormal = undefined;
    return this;
  }

  /** `count` whole numbers in `[low, high)`, as `torch.randint` draws them. */
  randint(low: number, high: number, count: number): number[] {
    const limit = Number.MAX_SAFE_INTEGER;
    checkInteger("low", low, -limit, limit);
    checkInteger("high", high, low + 1, Math.min(limit, low + limit));
    checkInteger("count", count, 0, 2 ** 31);
    const range = high - low;
    return Array.from({ length: count }, () => low + this.#below(range));
  }

  /**
   * `count` standard normal numbers, as `torch.randn(count, dtype=torch.float64)` draws them.
   *
   * Several calls give the same stream as one call if each count is at least 16 and each count but
   * the last is a multiple of 16.
   */
  randn(count: number): Float64Array {
    checkInteger("count", count, 0, 2 ** 31);
    const out = new Float64Array(count);
    if (count < BLOCK) return out.map(() => this.#normal());
    for (let i = 0; i < count; i++) out[i] = this.#uniform();
    for (let start = 0; start + BLOCK <= count; start += BLOCK) boxMuller(out, start);
    if (count % BLOCK !== 0) { // torch draws the last 16 again, so that they form a block
      const start = count - BLOCK;
      for (let i = start; i < count; i++) out[i] = this.#uniform();
      boxMuller(out, start);
    }
    return out;
  }

  /** torch uses 32 bits for ranges below 2^28, else 64. */
  #below(range: number): number {
    const draw = this.#draw();
    if (range < 2 ** 28) return draw % range;
    return Number(((BigInt(draw) << 32n) | BigInt(this.#draw())) % BigInt(range));
  }

  /** One number of a short request; the second of each pair is kept for the next call. */
  #normal(): number {
    if (this.#spareNormal !== undefined) {
      const spare = this.#spareNormal;
      this.#spareNormal = undefined;
      return spare;
    }
    const angle = 2 * Math.PI * this.#uniform();
    const radius = Math.sqrt(-2 * Math.log1p(-this.#uniform()));
    this.#spareNormal = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** 53 random bits as a number in [0, 1). */
  #uniform(): number {
    const high = this.#draw() & 0x1fffff;
    return (high * 2 ** 32 + this.#draw()) * 2 ** -53;
  }

  /** The next 32 bits of mt19937 (Matsumoto & Nishimura 1998). */
  #draw(): number {
    if (this.#next === STATE) this.#nextState();
    let y = this.#state[this.#next++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  /** The recurrence that gives the next 624 words of state ("twist" in the literature). */
  #nextState(): void {
    const state = this.#state;
    for (let i = 0; i < STATE; i++) {
      const y = (state[i] & 0x80000000) | (state[(i + 1) % STATE] & 0x7fffffff);
      state[i] = state[(i + SHIFT) % STATE] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.#next = 0;
  }
}

/**
 * Converts 16 uniform numbers to normal ones in place: radii from the first eight, angles from the
 * last eight.
 */
function boxMuller(values: Float64Array, start: number): void {
  for (let i = start; i < start + HALF; i++) {
    const radius = Math.sqrt(-2 * Math.log(1 - values[i]));
    const angle = 2 * Math.PI * values[i + HALF];
    values[i] = radius * Math.cos(angle);
    values[i + HALF] = radius * Math.sin(angle);
  }
}
