import assert from "node:assert/strict";
import { join } from "node:path";
import { BusyError, FormatError } from "../../src/errors.ts";
import { LOCK_NAME, RunLock } from "../../src/runs/run_lock.ts";
import { withTempFolder } from "../support/temp_folder.ts";

Deno.test("RunLock.acquire() admits one process and names it to the others", () =>
  withTempFolder(async (folder) => {
    {
      await using _lock = await RunLock.acquire(folder);
      await assert.rejects(RunLock.acquire(folder), (error: Error) => {
        assert.ok(error instanceof BusyError, String(error));
        assert.ok(error.message.includes(`${folder} is being written by process ${Deno.pid}`));
        return true;
      });
    }
    assert.deepEqual([...Deno.readDirSync(folder)], []);
    await using _again = await RunLock.acquire(folder);
  }));

Deno.test("RunLock.acquire() ignores the lock of a dead process", () =>
  withTempFolder(async (folder) => {
    await Deno.writeTextFile(join(folder, LOCK_NAME), "99999999\nand a reserve");
    await using _lock = await RunLock.acquire(folder);
    const text = await Deno.readTextFile(join(folder, LOCK_NAME));
    assert.equal(text.trimEnd(), `${Deno.pid} ${Deno.hostname()}`);
  }));

Deno.test("RunLock.acquire() retries if the lock file was removed meanwhile", () =>
  withTempFolder(async (folder) => {
    // The name is removed between opening and locking, as by a holder that ends just then.
    const { tryLock } = Deno.FsFile.prototype;
    let removed = 0;
    Deno.FsFile.prototype.tryLock = async function (exclusive?: boolean) {
      if (removed++ === 0) await Deno.remove(join(folder, LOCK_NAME));
      return await tryLock.call(this, exclusive);
    };
    try {
      await using _lock = await RunLock.acquire(folder);
      await assert.rejects(RunLock.acquire(folder), BusyError);
    } finally {
      Deno.FsFile.prototype.tryLock = tryLock;
    }
  }));

Deno.test("RunLock.acquire() does not follow a link", () =>
  withTempFolder(async (folder) => {
    const outside = join(folder, "outside");
    await Deno.writeTextFile(outside, "untouched");
    for (const link of [Deno.symlink, Deno.link]) {
      await link(outside, join(folder, LOCK_NAME));
      await assert.rejects(RunLock.acquire(folder), FormatError);
      await Deno.remove(join(folder, LOCK_NAME));
    }
    assert.equal(await Deno.readTextFile(outside), "untouched");
  }));

Deno.test("RunLock.reserve() reserves disk space until free()", () =>
  withTempFolder(async (folder) => {
    await using lock = await RunLock.acquire(folder);
    const size = async () => (await Deno.stat(join(folder, LOCK_NAME))).size;
    await lock.reserve(5000);
    await lock.reserve(1000);
    assert.equal(await size(), 5096);
    await lock.free();
    assert.equal(await size(), 96);
  }));
