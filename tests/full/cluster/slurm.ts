/**
 * Runs examples/cluster/slurm_array.sh and slurm_report.sh with Slurm on one host: `deno task
 * test:slurm`, as root on Debian; `--install` installs Slurm.
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { runsIn } from "../../support/experiment.ts";
import { ROOT } from "../../support/run_script.ts";
import { withTempFolder } from "../../support/temp_folder.ts";
import { installSlurm, LocalSlurm } from "./local_slurm.ts";
import {
  expectSame,
  jobVariables,
  makeByOneProcess,
  namesOf,
  SMALL,
  until,
} from "./small_experiment.ts";

if (Deno.args.includes("--install")) await installSlurm();

const script = (name: string) => join(ROOT, "examples/cluster", name);

/** Waits until the job and its tasks have left the queue. */
async function finished(slurm: LocalSlurm, job: string): Promise<void> {
  await until(`job ${job}`, 240, async () => {
    const left = await slurm.command("squeue", ["-h", "-j", job]).catch(() => "");
    return left === "" ? true : undefined;
  });
}

/** The small experiment with runs that are long enough to be stopped in the middle. */
async function longerExperiment(folder: string): Promise<string> {
  const small = JSON.parse(await Deno.readTextFile(SMALL));
  const path = join(folder, "longer.json");
  const longer = { ...small, arguments: { ...small.arguments, timesteps: 120 } };
  await Deno.writeTextFile(path, JSON.stringify(longer));
  return path;
}

/** The run that a running task is at, once there is one: its name and its folder. */
function runOf(slurm: LocalSlurm, task: string, { names, out }: { names: string[]; out: string }) {
  return until(`a run of task ${task}`, 90, async () => {
    const running = await slurm.command("squeue", ["-h", "-j", task, "-t", "R"]);
    if (running === "") return undefined;
    const runs = await runsIn(out).catch(() => new Map<string, string[]>());
    return [...runs].find(([id, folders]) => names.includes(id) && folders.length > 0);
  });
}

Deno.test("a Slurm array of 4 with two requeued tasks makes the runs of one process, and reports", () =>
  withTempFolder(async (folder) => {
    await Deno.chmod(folder, 0o755);
    const experiment = await longerExperiment(folder);
    const wanted = await makeByOneProcess(join(folder, "one"), experiment);
    const names = await namesOf(experiment), shard = (i: number) => [names[i - 1], names[i + 3]];
    const out = join(folder, "array"), slurmFolder = join(folder, "slurm");
    await Deno.mkdir(slurmFolder, { mode: 0o755 });
    await using slurm = await LocalSlurm.start(slurmFolder);
    const variables = jobVariables(out, experiment);
    const submit = (...args: string[]) =>
      slurm.command("sbatch", ["--parsable", `--chdir=${folder}`, ...args], variables);
    const job = await submit(script("slurm_array.sh"));
    // As when a task is preempted.
    const [preempted, [first]] = await runOf(slurm, `${job}_2`, { names: shard(2), out });
    await slurm.command("scontrol", ["requeue", `${job}_2`]);
    // As a minute before its time limit: the task requeues itself.
    const [limited, [second]] = await runOf(slurm, `${job}_3`, { names: shard(3), out });
    await slurm.command("scancel", ["--batch", "--signal=USR1", `${job}_3`]);
    const report = await submit(`--dependency=afterok:${job}`, script("slurm_report.sh"));
    await finished(slurm, job);
    await finished(slurm, report);
    await expectSame(out, wanted);
    const runs = await runsIn(out);
    assert.deepEqual([runs.get(preempted), runs.get(limited)], [[first], [second]], "resumed");
    for (const task of [2, 3]) {
      const log = await Deno.readTextFile(join(folder, `parataa-${job}_${task}.log`));
      console.log(`task ${task}:\n${log}`);
      // Slurm may kill a preempted task before it has printed its line.
      assert.match(log, task === 3 ? /E_INTERRUPTED/ : /DUE TO JOB REQUEUE/);
      assert.match(log, /2 runs: \d made, \d finished before/);
    }
  }));
