import assert from "node:assert/strict";
import { DyingRun } from "../support/dying_run.ts";
import { withTempFolder } from "../support/temp_folder.ts";

Deno.test("a run that is killed, resumed on a full disk and killed again gives the same bytes", () =>
  // tests/full/kills.ts goes through all boundaries.
  withTempFolder(async (folder) => {
    const run = await DyingRun.create(folder);
    for (const [at, ...later] of [[3, 10, 5], [24, 1, 7], [60, 3, 30]]) {
      assert.equal((await run.start(at, "SIGKILL")).code, 137);
      await run.expectUnfinished(`boundary ${at}`);
      assert.equal((await run.start(later[0], "ENOSPC", run.folder())).code, 5);
      assert.equal((await run.start(later[1], "SIGKILL", run.folder())).code, 137);
      await run.finish(`boundaries ${[at, ...later]}`);
    }
  }));
