import assert from "node:assert/strict";
import { fuzz, type FuzzTarget, replayCorpus } from "../support/fuzz.ts";
import { INDEX_TARGET, PICKLE_TARGET, TORCH_TARGET } from "./checkpoint_fuzz_targets.ts";
import {
  IMAGE_TARGET,
  JSON_TARGET,
  NPY_TARGET,
  PNG_PIXELS_TARGET,
  PNG_TARGET,
  SAFETENSORS_TARGET,
} from "./fuzz_targets.ts";

const COUNT = 10_000;
const SEED = 20240611;

const TARGETS: readonly (readonly [string, FuzzTarget])[] = [
  ["readJson()", JSON_TARGET],
  ["readSafetensors()", SAFETENSORS_TARGET],
  ["readNpy()", NPY_TARGET],
  ["readPngText()", PNG_TARGET],
  ["verifyImage()", IMAGE_TARGET],
  ["decodePng()", PNG_PIXELS_TARGET],
  ["readPickle()", PICKLE_TARGET],
  ["TorchFile", TORCH_TARGET],
  ["ShardedTensors", INDEX_TARGET],
];

for (const [symbol, target] of TARGETS) {
  Deno.test(`${symbol} reads or refuses each of ${COUNT} mutants, seed ${SEED}`, async () => {
    const { accepted, refused } = await fuzz(target, { count: COUNT, seed: SEED });
    // Both sides of the parser must be reached, or the mutants prove nothing.
    assert(accepted > COUNT / 200, `${accepted} accepted`);
    assert(refused > COUNT / 10, `${refused} refused`);
  });

  Deno.test(`${symbol} reads or refuses every input of its corpus`, async () => {
    assert(await replayCorpus(target) > 0);
  });
}
