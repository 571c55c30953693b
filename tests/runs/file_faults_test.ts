import assert from "node:assert/strict";
import { FaultBench } from "../support/file_faults.ts";
import { withTempFolder } from "../support/temp_folder.ts";
import { REFUSALS } from "../support/watched_files.ts";

/** Every kind in turn; tests/full/file_faults.ts tries every kind at every operation. */
const KINDS = [...Object.keys(REFUSALS), "short"];

/** Of the operations, this test lets one in so many fail. */
const STRIDE = 7;

for (const persistent of [false, true]) {
  Deno.test(`--resume completes a run after ${persistent ? "a persistent" : "one"} failure of file operations`, () =>
    withTempFolder(async (folder) => {
      const bench = await FaultBench.create(folder);
      for (let at = 1;; at += STRIDE) {
        const kind = KINDS[Math.floor(at / STRIDE) % KINDS.length];
        const { operations, exitCode } = await bench.run({ at, kind, persistent });
        assert.ok(exitCode === 5 || exitCode === 0, `${kind} at ${at}: exit code ${exitCode}`);
        if (operations >= at) continue;
        assert.ok(at > 50, `${at} operations`);
        return;
      }
    }));
}
