import assert from "node:assert/strict";
import { join } from "node:path";
import { printLine } from "../../src/cli/print.ts";
import { StorageError } from "../../src/errors.ts";
import { readFinishedRun } from "../../src/runs/finished_run.ts";
import { ROOT } from "../support/run_script.ts";
import { withTempFolder } from "../support/temp_folder.ts";
import { writeTinyDit } from "../support/tiny_dit.ts";

Deno.test("printLine() says that standard output cannot be written", () => {
  const { log } = console;
  console.log = () => {
    throw new Error("No space left on device (os error 28)");
  };
  try {
    assert.throws(() => printLine("x"), (error: Error) => {
      assert.ok(error instanceof StorageError);
      assert.match(error.message, /cannot write to standard output: No space left/);
      return true;
    });
  } finally {
    console.log = log;
  }
});

Deno.test("a run goes on when nobody reads what it says", () =>
  withTempFolder(async (folder) => {
    const model = await writeTinyDit(folder);
    for (const more of [[], ["--json"], ["--quiet"]]) {
      const out = join(folder, `out${more}`);
      const args = ["-m", model, "-o", out, "--timesteps=4", "--num_samples=2", ...more];
      const child = new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", `${ROOT}scripts/parallel_dit.ts`, ...args],
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      }).spawn();
      await child.stdout.cancel();
      await child.stderr.cancel();
      assert.equal((await child.status).code, 0, String(more));
      for await (const { name } of Deno.readDir(out)) await readFinishedRun(join(out, name));
    }
  }));
