/**
 * S2, S3, W3: runs that are killed at every boundary and at random instants, killed again while
 * they resume, or crash.
 */
import assert from "node:assert/strict";
import { DyingRun } from "../support/dying_run.ts";
import type { Ending } from "../support/dying_run_child.ts";
import { Random } from "../support/fuzz.ts";
import { withTempFolder } from "../support/temp_folder.ts";

const SIGNALS: Readonly<Record<Exclude<Ending, "ENOSPC">, readonly number[]>> = {
  SIGKILL: [137],
  SIGSEGV: [139],
  SIGABRT: [134],
  "out of memory": [133, 134],
};

Deno.test("S2: SIGKILL at every fsync and rename boundary, then --resume", () =>
  withTempFolder(async (folder) => {
    const run = await DyingRun.create(folder);
    for (let at = 1;; at++) {
      const { code, stderr } = await run.start(at, "SIGKILL");
      if (code === 0) {
        console.log(`S2: ${at - 1} boundaries, all resumed to the same bytes`);
        assert.ok(at > 50, `${at}`);
        return;
      }
      assert.equal(code, 137, stderr);
      await run.expectUnfinished(`boundary ${at}`);
      await run.finish(`boundary ${at}`);
    }
  }));

Deno.test("S2: SIGKILL at 50 random instants, then --resume, seed 2", () =>
  withTempFolder(async (folder) => {
    const run = await DyingRun.create(folder, { samples: 20 });
    const started = performance.now();
    assert.equal(await run.startAndKill(600_000), false);
    const whole = performance.now() - started;
    await run.finish("undisturbed");
    const random = new Random(2);
    let [killed, begun] = [0, 0];
    for (let i = 0; i < 50; i++) {
      if (await run.startAndKill(random.below(Math.ceil(0.9 * whole)))) killed++;
      if (run.folder() !== undefined) begun++;
      await run.expectUnfinished(`instant ${i}`);
      await run.finish(`instant ${i}`);
    }
    console.log(`S2: ${killed} of 50 killed, ${begun} had begun, all resumed to the same bytes`);
  }));

Deno.test("S3: three deaths or full disks in a row, 30 times, seed 3", () =>
  withTempFolder(async (folder) => {
    const run = await DyingRun.create(folder);
    const random = new Random(3);
    for (let round = 0; round < 30; round++) {
      const story: string[] = [];
      for (let depth = 0; depth < 3; depth++) {
        const at = 1 + random.below(depth === 0 ? 80 : 40);
        const ending = random.below(2) === 0 ? "SIGKILL" : "ENOSPC";
        const { code } = await run.start(at, ending, run.folder());
        story.push(`${ending} at ${at}: ${code}`);
        assert.ok([0, 5, 137].includes(code), story.join(", "));
      }
      await run.finish(`round ${round}: ${story.join(", ")}`);
    }
    console.log("S3: 30 of 30 resumed to the same bytes");
  }));

for (const ending of ["SIGSEGV", "SIGABRT", "out of memory"] as const) {
  Deno.test(`W3: ${ending} at 10 instants, then --resume`, () =>
    withTempFolder(async (folder) => {
      const run = await DyingRun.create(folder);
      for (let i = 0; i < 10; i++) {
        const at = 3 + 8 * i;
        const { code, stderr } = await run.start(at, ending);
        assert.ok(SIGNALS[ending].includes(code), `${code} at ${at}: ${stderr.slice(-400)}`);
        await run.expectUnfinished(`${ending} at ${at}`);
        await run.finish(`${ending} at ${at}`);
      }
      console.log(`W3: ${ending}, 10 of 10 resumed to the same bytes`);
    }));
}
