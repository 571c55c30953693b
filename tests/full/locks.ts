/** P1: eight processes that resume one folder at once, after its holder was killed. */
import assert from "node:assert/strict";
import { readFinishedRun } from "../../src/runs/finished_run.ts";
import { DyingRun } from "../support/dying_run.ts";
import { startTogether } from "../support/start_together.ts";
import { withTempFolder } from "../support/temp_folder.ts";

const ROUNDS = 100;

Deno.test(`P1: eight at once on one folder, ${ROUNDS} times`, () =>
  withTempFolder(async (folder) => {
    // Long enough that the slowest of eight finds the fastest at work.
    const run = await DyingRun.create(folder, { samples: 60 });
    const busy: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      assert.equal((await run.start(20, "SIGKILL")).code, 137);
      const path = run.folder()!;
      const ends = await startTogether("scripts/parallel_dit.ts", ["--resume", path], 8);
      const winners = ends.filter(({ code }) => code === 0);
      const told = ends.map(({ code, stderr }) => `${code}: ${stderr}`).join("");
      assert.equal(winners.length, 1, told);
      for (const { code, stderr, milliseconds } of ends) {
        if (code === 0) continue;
        busy.push(milliseconds);
        assert.ok(code === 9 && stderr.includes(`by process ${winners[0].pid} `), told);
      }
      await readFinishedRun(path);
      await run.finish(`round ${round}`);
    }
    busy.sort((a, b) => a - b);
    const [p50, p99] = [0.5, 0.99].map((share) => busy[Math.floor(share * busy.length)].toFixed(0));
    console.log(`P1: ${ROUNDS} rounds, 1 ran and 7 left with 9, p50 ${p50} ms, p99 ${p99} ms`);
  }));
