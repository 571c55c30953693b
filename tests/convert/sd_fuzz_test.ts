import assert from "node:assert/strict";
import { fuzz, type FuzzTarget } from "../support/fuzz.ts";
import { CONFIG_TARGETS, HEADER_TARGET, LORA_TARGETS, NAMES_TARGET } from "./sd_fuzz_targets.ts";

const SEED = 20261129;
/**
 * Mutants of each target, tests/full/convert_fuzz.ts takes 10,000, and the least of them to be
 * accepted: every name and shape of a LoRA and of a header must be right.
 */
const COUNTS: readonly (readonly [count: number, least: number, targets: readonly FuzzTarget[]])[] =
  [
    [200, 10, CONFIG_TARGETS],
    [100, 5, [NAMES_TARGET]],
    [75, 0, [HEADER_TARGET, ...LORA_TARGETS]],
  ];

for (const [count, least, targets] of COUNTS) {
  for (const target of targets) {
    Deno.test(`convert sd reads or refuses ${count} mutants of ${target.name}, seed ${SEED}`, async () => {
      const { accepted, refused, slowestMs } = await fuzz(target, { count, seed: SEED });
      assert.ok(accepted >= least, `${accepted} accepted`);
      assert.ok(refused > count / 10, `${refused} refused`);
      assert.ok(slowestMs < 20_000, `${slowestMs} ms`);
    });
  }
}
