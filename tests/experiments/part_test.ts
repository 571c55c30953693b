import assert from "node:assert/strict";
import { join } from "node:path";
import { BusyError, UsageError } from "../../src/errors.ts";
import { RunLock } from "../../src/runs/run_lock.ts";
import { printed, runsIn, trajectoriesIn, withExperiment } from "../support/experiment.ts";
import { readManifest } from "../support/sampling.ts";

/** Eight runs: a sequential reference and three others for each of two seeds. */
const EIGHT = { grid: { window_size: [2, 4, 6] }, seeds: [1, 2] };

/** `results.csv` without the seconds and the names of the folders, which hold the time. */
async function figures(out: string): Promise<string[]> {
  const lines = (await Deno.readTextFile(join(out, "results.csv"))).trim().split("\n");
  return lines.map((line) => line.split(",").filter((_, i) => i !== 9 && i !== 16).join());
}

async function copyRuns(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (isDirectory) await copyRuns(join(from, name), join(to, name));
    else await Deno.copyFile(join(from, name), join(to, name));
  }
}

Deno.test("two shards made in two folders and merged are the runs and figures of one process", () =>
  withExperiment(async (start, out) => {
    await start(EIGHT);
    const whole = await trajectoriesIn(out), rows = await figures(out);
    assert.equal(whole.size, 8);
    await Deno.rename(out, `${out}-whole`);
    const parts: string[] = [];
    for (const i of [1, 2]) {
      const paths = await start(EIGHT, { args: ["--shard", `${i}/2`] });
      assert.equal(paths.length, 4);
      for (const path of paths) assert.equal((await readManifest(path)).status, "complete");
      parts.push(...(await trajectoriesIn(out)).keys());
      assert.deepEqual(Array.from(Deno.readDirSync(out), ({ name }) => name), ["runs"]);
      await Deno.rename(out, `${out}-${i}`);
    }
    assert.deepEqual(parts.toSorted(), [...whole.keys()]);
    for (const i of [1, 2]) await copyRuns(`${out}-${i}`, out);
    await start(EIGHT, { args: ["--report_only"] });
    assert.deepEqual(await trajectoriesIn(out), whole);
    assert.deepEqual(await figures(out), rows);
    assert.match(await Deno.readTextFile(join(out, "report.html")), /All 8 runs are finished/);
  }));

Deno.test("--list prints the names that --only takes, which are those of the folders", () =>
  withExperiment(async (start, out) => {
    const names = await start(EIGHT, { args: ["--list"] });
    assert.equal(names.length, 8);
    await assert.rejects(Deno.stat(out), Deno.errors.NotFound);
    const shards: string[] = [];
    for (const i of [1, 2, 3]) {
      shards.push(...await start(EIGHT, { args: ["--list", "--shard", `${i}/3`] }));
    }
    assert.deepEqual(shards.toSorted(), names.toSorted());
    const [path] = await start(EIGHT, { args: ["--only", names[3]] });
    assert.deepEqual([...(await runsIn(out)).keys()], [names[3]]);
    // A second start keeps the run; the run needs no reference.
    assert.deepEqual(await start(EIGHT, { args: ["--only", names[3]] }), [path]);
  }));

Deno.test("a run that another process makes is left to it, the others are made, and the exit code is 9", () =>
  withExperiment(async (start, out) => {
    const names = await start(EIGHT, { args: ["--list"] });
    const folder = join(out, "runs", names[0]);
    await Deno.mkdir(folder, { recursive: true });
    const lock = await RunLock.acquire(folder);
    const text = new RegExp(
      `first sequential, seed 1: .*runs/${
        names[0]
      } is being written by process ${Deno.pid} on \\S+$`,
    );
    for (
      const [args, head, made] of [
        [["--shard", "1/4"], "1 of 2 runs are made by others, ", 1],
        [[], "1 of 8 runs are made by others, ", 7],
      ] as const
    ) {
      const error = await start(EIGHT, { args: [...args] }).catch((error) => error);
      assert.ok(error instanceof BusyError, String(error));
      assert.ok(error.message.startsWith(head), error.message);
      assert.match(error.message, text);
      assert.equal([...(await runsIn(out)).values()].flat().length, made);
    }
    const page = () => Deno.readTextFile(join(out, "report.html"));
    assert.match(await page(), /Not run yet: 1/);
    await lock[Symbol.asyncDispose]();
    await start(EIGHT);
    assert.match(await page(), /All 8 runs are finished/);
  }));

Deno.test("parts that do not exist and flags that exclude each other are refused", () =>
  withExperiment(async (start) => {
    const cases: [args: string[], message: string][] = [
      ...["0/2", "3/2", "1", "1/0", "a/b", "-1/2"].map((shard): [string[], string] => [
        [`--shard=${shard}`],
        `--shard is "${shard}" but takes I/N, with I from 1 to N`,
      ]),
      [["--only", "x"], '--only is "x", which is not the name of a run'],
      [["--only=x", "--shard=1/2"], "--shard and --only are given, wanted at most one of them"],
      [
        ["--report_only", "--shard=1/2"],
        "--shard and --report_only are given, wanted at most one of them",
      ],
      [["--list", "--dry_run"], "--dry_run and --list are given, wanted at most one of them"],
    ];
    for (const [args, message] of cases) {
      const error = await start(EIGHT, { args }).catch((error) => error);
      assert.ok(error instanceof UsageError, `${args}: ${error}`);
      assert.equal(error.message, message);
    }
    await assert.rejects(printed(["--list"]), UsageError);
  }));
