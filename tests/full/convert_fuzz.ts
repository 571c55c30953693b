/**
 * 10,000 mutants of every configuration and header that `convert sd` reads, as in
 * tests/convert/sd_fuzz_test.ts with fewer.
 * @module
 */
import assert from "node:assert/strict";
import {
  CONFIG_TARGETS,
  HEADER_TARGET,
  LORA_TARGETS,
  NAMES_TARGET,
} from "../convert/sd_fuzz_targets.ts";
import { fuzz } from "../support/fuzz.ts";

const COUNT = 10_000;
const SEED = 17;

for (const target of [...CONFIG_TARGETS, NAMES_TARGET, HEADER_TARGET, ...LORA_TARGETS]) {
  Deno.test(`convert sd reads or refuses ${COUNT} mutants of ${target.name}, seed ${SEED}`, async () => {
    const { accepted, refused, slowestMs } = await fuzz(target, { count: COUNT, seed: SEED });
    console.log(`${accepted} accepted, ${refused} refused, slowest ${slowestMs.toFixed(0)} ms`);
    assert.equal(accepted + refused, COUNT);
    assert.ok(slowestMs < 20_000, `${slowestMs} ms`);
  });
}
