/** Converts half precision to single. @module */

/** The bits of every half as float32, by the bits of the half; 256 KiB, made when first used. */
let table: Uint32Array<ArrayBuffer> | undefined;

/**
 * Converts the bits of float16 to float32, exactly, and returns `wide`.
 *
 * Looks the bits up: with a loop over a `Float16Array`, `convert` of a whole checkpoint took about
 * twice as long (Deno 2.9).
 *
 * @param wide as long as `bits`; a new array by default
 */
export function widenFloat16(
  bits: Uint16Array,
  wide: Float32Array = new Float32Array(bits.length),
): Float32Array {
  const singles = table ??= tabulate();
  const out = new Uint32Array(wide.buffer, wide.byteOffset, wide.length);
  for (let i = 0; i < bits.length; i++) out[i] = singles[bits[i]];
  return wide;
}

function tabulate(): Uint32Array<ArrayBuffer> {
  const halves = new Float16Array(Uint16Array.from({ length: 2 ** 16 }, (_, bits) => bits).buffer);
  return new Uint32Array(Float32Array.from(halves).buffer);
}
