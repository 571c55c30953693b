import assert from "node:assert/strict";
import { fuzz, replayCorpus } from "../../support/fuzz.ts";
import { ONNX_TARGET } from "./onnx_fuzz_target.ts";

const COUNT = 10_000;
const SEED = 20240614;

Deno.test(`readOnnx() and perRowTimesteps() read or refuse each of ${COUNT} mutants, seed ${SEED}`, async () => {
  const { accepted, refused } = await fuzz(ONNX_TARGET, { count: COUNT, seed: SEED });
  assert(accepted > COUNT / 20, `${accepted} accepted`);
  assert(refused > COUNT / 10, `${refused} refused`);
});

Deno.test("readOnnx() and perRowTimesteps() read or refuse every input of the corpus", async () => {
  assert(await replayCorpus(ONNX_TARGET) > 0);
});
