import assert from "node:assert/strict";
import { layoutWeights, weightBytes } from "../../src/convert/weights_file.ts";
import { SafetensorsFile, writeSafetensors } from "../../mod.ts";

const COUNT = 3 * 2 ** 17; // three pieces of halves
const data = Float16Array.from({ length: COUNT }, (_, i) => (i % 4001 - 2000) / 64);
const bytes = writeSafetensors(new Map([["w", { dtype: "F16", shape: [COUNT], data }]]));
const checkpoint = await SafetensorsFile.open({
  size: bytes.length,
  read: (at: number, length: number) => Promise.resolve(bytes.slice(at, at + length)),
});
const layout = layoutWeights([
  { name: "w", shape: [COUNT], dims: [COUNT], stored: "F32", initializer: "w" },
]);

function joined(pieces: readonly Uint8Array[]): Float32Array {
  const whole = new Uint8Array(4 * COUNT);
  pieces.reduce((at, piece) => (whole.set(piece, at), at + piece.length), 0);
  return new Float32Array(whole.buffer);
}

Deno.test("weightBytes() widens halves exactly, every piece in memory of its own", async () => {
  const [, ...pieces] = await Array.fromAsync(weightBytes(checkpoint, layout));
  assert.equal(pieces.length, 3);
  assert.deepEqual(joined(pieces), Float32Array.from(data));
});

Deno.test("weightBytes() may reuse the memory of a piece, with the same bytes", async () => {
  const copies: Uint8Array[] = [], buffers = new Set<ArrayBufferLike>();
  for await (const piece of weightBytes(checkpoint, layout, { reuse: true })) {
    copies.push(piece.slice());
    buffers.add(piece.buffer);
  }
  assert.equal(buffers.size, 2); // the header's and one more
  assert.deepEqual(joined(copies.slice(1)), Float32Array.from(data));
});
