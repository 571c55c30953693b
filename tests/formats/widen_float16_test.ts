import assert from "node:assert/strict";
import { widenFloat16 } from "../../src/formats/widen_float16.ts";

/** IEEE 754 binary16: 1 bit of sign, 5 of exponent with bias 15, 10 of fraction. */
function valueOf(bits: number): number {
  const sign = bits >> 15 ? -1 : 1;
  const exponent = bits >> 10 & 31;
  const fraction = (bits & 1023) / 1024;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent ? (1 + fraction) * 2 ** (exponent - 15) : fraction * 2 ** -14);
}

Deno.test("widenFloat16() converts all 65536 halves to the value that IEEE 754 defines", () => {
  const bits = Uint16Array.from({ length: 2 ** 16 }, (_, i) => i);
  const wide = widenFloat16(bits);
  // Object.is tells -0 from 0 and takes NaN for NaN.
  const wrong = bits.filter((half) => !Object.is(wide[half], valueOf(half)));
  assert.deepEqual([...wrong], []);
});

Deno.test("widenFloat16() returns an array of its own and reads a view from its offset", () => {
  const halves = Uint16Array.of(0x3c00, 0xc000, 0x3800);
  const first = widenFloat16(halves.subarray(1));
  widenFloat16(halves);
  assert.deepEqual(first, Float32Array.of(-2, 0.5));
});

Deno.test("widenFloat16() writes to the array that it is given", () => {
  const wide = new Float32Array(4).fill(7);
  const part = wide.subarray(1, 3);
  assert.equal(widenFloat16(Uint16Array.of(0x3c00, 0xfc00), part), part);
  assert.deepEqual(wide, Float32Array.of(7, 1, -Infinity, 7));
});
