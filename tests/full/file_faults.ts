/**
 * F1: every kind of refusal at every file operation of a run, once and for good;
 * tests/runs/file_faults_test.ts tries a few.
 */
import assert from "node:assert/strict";
import { FaultBench } from "../support/file_faults.ts";
import { withTempFolder } from "../support/temp_folder.ts";
import { REFUSALS } from "../support/watched_files.ts";

for (const kind of [...Object.keys(REFUSALS), "short"]) {
  for (const persistent of [false, true]) {
    Deno.test(`F1: ${kind}, ${persistent ? "for good" : "once"}, at every file operation`, () =>
      withTempFolder(async (folder) => {
        const bench = await FaultBench.create(folder);
        const codes = new Map<number, number>();
        for (let at = 1;; at++) {
          const { operations, exitCode } = await bench.run({ at, kind, persistent });
          if (operations < at) break;
          codes.set(exitCode, (codes.get(exitCode) ?? 0) + 1);
        }
        const ends = [...codes].map(([code, count]) => `exit ${code} ${count} times`).join(", ");
        console.log(`F1: ${kind}, ${persistent ? "for good" : "once"}: ${ends}`);
        assert.ok([...codes.keys()].every((code) => code === 0 || code === 5), ends);
      }));
  }
}
