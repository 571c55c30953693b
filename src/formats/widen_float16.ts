/** Converts half precision to single. @module */

/** The bits of every half as float32, by the bits of the half; 256 KiB, made when first used. */
let table: Uint32Array<ArrayBuffer> | undefined;

/**
 * Converts the bits of float16 to float32, exactly.
 *
 * Looks the bits up: with a loop over a `Float16Array`, `convert` of a whole checkpoint took about
 * twice as long (Deno 2.9).
 */
export function widenFloat16(bits: Uint16Array): Float32Array {
  const singles = table ??= tabulate();
  const wide = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) wide[i] = singles[bits[i]];
  return new Float32Array(wide.buffer);
}

function tabulate(): Uint32Array<ArrayBuffer> {
  const halves = new Float16Array(Uint16Array.from({ length: 2 ** 16 }, (_, bits) => bits).buffer);
  return new Uint32Array(Float32Array.from(halves).buffer);
}
