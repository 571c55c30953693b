import assert from "node:assert/strict";
import type { ParataaError } from "../../src/errors.ts";
import { readFloatArray } from "../../src/formats/float_array.ts";

/**
 * The latent of tests/fixtures/latents/`file`: all hold the same, as numpy and safetensors wrote
 * it.
 */
async function latent(file: string) {
  const bytes = await Deno.readFile(`tests/fixtures/latents/${file}`);
  return readFloatArray(bytes, { file, tensor: "latents" });
}

Deno.test("readFloatArray() reads both byte orders and index orders, and a batch of one", async () => {
  const wanted = await latent("f32.npy");
  assert.deepEqual(wanted.shape, [4, 8, 8]);
  for (const file of ["be.npy", "fortran.npy"]) assert.deepEqual(await latent(file), wanted, file);
  for (const file of ["batch1.npy", "lat1.safetensors"]) {
    assert.deepEqual(await latent(file), { ...wanted, shape: [1, 4, 8, 8] }, file);
  }
});

Deno.test("readFloatArray() widens float16 and bfloat16", async () => {
  const wanted = (await latent("f32.npy")).data;
  // Half of the last place: 11 significant bits, and 8.
  const places: [file: string, bits: number][] = [
    ["f16.npy", 11],
    ["lath.safetensors", 11],
    ["latbf.safetensors", 8],
  ];
  for (const [file, bits] of places) {
    const { data } = await latent(file);
    const apart = data.map((x, i) => Math.abs(x - wanted[i]) / Math.abs(wanted[i]));
    const most = apart.reduce((a, b) => Math.max(a, b));
    assert.ok(most > 0 && most <= 2 ** -bits, `${file}: ${most}`);
  }
});

Deno.test("readFloatArray() names the kind of another file, and never advises to load a PyTorch file", async () => {
  await assert.rejects(latent("lat.pt"), (error: ParataaError) => {
    assert.equal(error.message, "lat.pt is a PyTorch checkpoint, wanted npy or safetensors");
    assert.match(error.hint!, /numpy\.save/);
    assert.doesNotMatch(error.hint!, /load/);
    return true;
  });
});
