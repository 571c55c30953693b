import assert from "node:assert/strict";
import { join } from "node:path";
import { printLine, printLines, printStatus, printText } from "../../src/cli/print.ts";
import { StorageError } from "../../src/errors.ts";
import { readFinishedRun } from "../../src/runs/finished_run.ts";
import { ROOT } from "../support/run_script.ts";
import { withTempFolder } from "../support/temp_folder.ts";
import { writeTinyDit } from "../support/tiny_dit.ts";

Deno.test("printLine() reports that standard output cannot be written", () => {
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

/** What `print` writes to standard output and standard error. */
function written(print: () => void): string {
  const { log } = console;
  const { writeSync } = Deno.stderr;
  let text = "";
  console.log = (line) => text += `${line}\n`;
  Deno.stderr.writeSync = (bytes) => {
    text += new TextDecoder().decode(bytes);
    return bytes.length;
  };
  try {
    print();
    return text;
  } finally {
    console.log = log;
    Deno.stderr.writeSync = writeSync;
  }
}

Deno.test("printed lines are escaped, except parataa's own cursor codes", () => {
  const hostile = "a\n\x1b[2J\u202e é";
  const escaped = "a\\u000a\\u001b[2J\\u202e é";
  assert.equal(written(() => printLine(hostile)), `${escaped}\n`);
  assert.equal(written(() => printLines([hostile, "b"])), `${escaped}\nb\n`);
  assert.equal(written(() => printStatus(hostile, { before: "\r\x1b[K" })), `\r\x1b[K${escaped}\n`);
  assert.equal(written(() => printStatus("b", { end: "" })), "b");
  assert.equal(written(() => printText("a\nb")), "a\nb\n");
});

Deno.test("a run continues if its output is closed", () =>
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
