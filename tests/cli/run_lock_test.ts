import assert from "node:assert/strict";
import { RunLock } from "../../src/runs/run_lock.ts";
import { DyingRun } from "../support/dying_run.ts";
import { startTogether } from "../support/start_together.ts";
import { withTempFolder } from "../support/temp_folder.ts";

Deno.test("--resume of a folder that another process is writing exits with 9 and names the process", () =>
  // tests/full/locks.ts lets eight processes race for one folder.
  withTempFolder(async (folder) => {
    const run = await DyingRun.create(folder);
    assert.equal((await run.start(20, "SIGKILL")).code, 137);
    const path = run.folder()!;
    {
      await using _lock = await RunLock.acquire(path);
      const args = ["--resume", path, "--quiet"];
      for (const { code, stderr } of await startTogether("scripts/parallel_dit.ts", args, 2)) {
        assert.equal(code, 9, stderr);
        const line =
          `parataa: E_BUSY: ${path} is being written by process ${Deno.pid} on ${Deno.hostname()} - `;
        assert.ok(stderr.startsWith(line), stderr);
      }
    }
    await run.finish("after the lock");
  }));
