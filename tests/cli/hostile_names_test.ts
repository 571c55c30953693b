import assert from "node:assert/strict";
import { join } from "node:path";
import { FormatError, StorageError } from "../../src/errors.ts";
import { LOG_NAME } from "../../src/runs/run_directory.ts";
import { LOCK_NAME } from "../../src/runs/run_lock.ts";
import {
  hostileClasses,
  hostileOutputPaths,
  hostileOutputs,
  hostilePrompts,
} from "../support/hostile_runs.ts";
import { interruptAfter } from "../support/interrupt.ts";
import { runQuietly } from "../support/sampling.ts";
import { withTempFolder } from "../support/temp_folder.ts";
import { writeTinyDit } from "../support/tiny_dit.ts";

// tests/full/hostile_names.ts takes all names.
Deno.test("no prompt, class name or output path of a run leaves its folder", async () => {
  await hostilePrompts(19);
  await hostileClasses(19);
  await hostileOutputPaths(29);
});

Deno.test("outputs of a manifest are read only inside its folder", async () => {
  assert.ok(await hostileOutputs() > 200);
});

Deno.test("--resume does not follow planted links", () =>
  withTempFolder(async (folder) => {
    const args = ["-m", await writeTinyDit(folder), "-o", join(folder, "out"), "--timesteps=4"];
    assert.ok(await interruptAfter(1, (s) => runQuietly("dit", [...args, "-b2"], s)));
    const [{ name }] = [...Deno.readDirSync(join(folder, "out"))];
    const run = join(folder, "out", name);
    const outside = join(folder, "outside");
    await Deno.mkdir(outside);
    await Deno.writeTextFile(join(outside, "file"), "untouched");
    await Deno.rename(join(run, "sample_0", LOG_NAME), join(folder, "log"));
    const plants: [target: string, name: string, kind: new (...args: never[]) => Error][] = [
      [join(outside, "file"), LOCK_NAME, FormatError],
      [join(outside, "file"), `sample_0/${LOG_NAME}`, FormatError],
      [outside, "sample_1", StorageError],
    ];
    for (const [target, place, kind] of plants) {
      await Deno.symlink(target, join(run, place));
      await assert.rejects(runQuietly("dit", ["--resume", run]), (error: Error) => {
        assert.ok(error instanceof kind, `${place}: ${error}`);
        assert.ok(error.message.includes(place), error.message);
        return true;
      });
      await Deno.remove(join(run, place));
    }
    assert.deepEqual([...Deno.readDirSync(outside)].map((entry) => entry.name), ["file"]);
    assert.equal(await Deno.readTextFile(join(outside, "file")), "untouched");
    await runQuietly("dit", ["--resume", run]);
  }));
