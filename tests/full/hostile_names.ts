/**
 * P2: every hostile name as a prompt, a class, an output path and an entry of a manifest;
 * tests/cli/hostile_names_test.ts tries a few.
 */
import assert from "node:assert/strict";
import {
  hostileClasses,
  hostileOutputPaths,
  hostileOutputs,
  hostilePrompts,
} from "../support/hostile_runs.ts";

Deno.test("P2: no name escapes the output folder", async () => {
  const [prompts, classes] = [await hostilePrompts(1), await hostileClasses(1)];
  const [paths, outputs] = [await hostileOutputPaths(1), await hostileOutputs()];
  console.log(
    `P2: ${prompts} prompts, ${classes} class names, ${paths} output paths, ${outputs} listed outputs: 0 escapes`,
  );
  assert.ok(prompts >= 200 && classes >= 200 && outputs >= 200);
});
