import assert from "node:assert/strict";
import { join } from "node:path";
import { fitToMachine } from "../../src/arguments/fit_to_machine.ts";
import { runRerun } from "../../src/cli/commands/rerun_script.ts";
import { runVerify } from "../../src/cli/commands/verify_script.ts";
import { UsageError } from "../../src/errors.ts";
import { argumentsText } from "../../src/arguments/record.ts";
import { digestBytes } from "../../src/storage/hash.ts";
import { outputsOf, readManifest, runQuietly } from "../support/sampling.ts";
import { withTempFolder } from "../support/temp_folder.ts";
import { writeTinyDit } from "../support/tiny_dit.ts";

const none: ReadonlySet<string> = new Set();

Deno.test("fitToMachine() lowers threads and CPU lanes to the number of cores, with a note", () => {
  const recorded = { threads: 64, devices: "cpu:8", batch_size: 99, seed: 3 };
  const { arguments: fitted, notes } = fitToMachine(recorded, { except: none, cores: 4 });
  assert.deepEqual(fitted, { threads: 4, devices: "cpu:4", batch_size: 99, seed: 3 });
  assert.deepEqual(notes, [
    "--threads 64 was recorded, this machine has 4 cores: taking 4, the result is the same",
    "--devices cpu:8 was recorded, this machine has 4 cores: taking cpu:4, the result is the same",
  ]);
});

Deno.test("fitToMachine() keeps fitting values, GPUs, and values that a flag replaces", () => {
  const fitting: Record<string, unknown>[] = [
    { threads: 4, devices: "cpu:4" },
    { threads: null, devices: "auto" },
    { devices: "0,1,2,3,4,5" },
    { devices: "cpu" },
    {},
  ];
  for (const recorded of fitting) {
    const fitted = fitToMachine(recorded, { except: none, cores: 4 });
    assert.deepEqual(fitted, { arguments: recorded, notes: [] });
  }
  const given = new Set(["threads", "devices"]);
  const { notes } = fitToMachine({ threads: 9, devices: "cpu:9" }, { except: given, cores: 4 });
  assert.deepEqual(notes, []);
});

Deno.test("a run recorded on a larger machine is repeated, verified and resumed", () =>
  withTempFolder(async (folder) => {
    const model = await writeTinyDit(folder), out = join(folder, "out");
    const args = ["-m", model, "-o", out, "--timesteps=4", "--num_samples=1"];
    const run = await runQuietly("dit", args);
    const wanted = await outputsOf(run);
    const manifest = await readManifest(run);
    Object.assign(manifest.arguments, { threads: 1024, devices: "cpu:64" });
    const text = argumentsText(manifest.arguments);
    manifest.outputs["args.txt"] = digestBytes(text);
    await Deno.writeFile(join(run, "args.txt"), text);
    const record = join(run, "manifest.json");
    const write = () => Deno.writeTextFile(record, JSON.stringify(manifest));
    await write();

    const { log } = console;
    const lines: string[] = [];
    console.log = (line: string) => lines.push(line);
    const { signal } = new AbortController();
    try {
      await runRerun([run, "-o", join(folder, "again"), "--json"], signal);
      await runVerify([run, "--json"], signal);
    } finally {
      console.log = log;
    }
    const events = lines.map((line) => JSON.parse(line));
    const notes = events.filter(({ line }) => /^--threads 1024 was recorded/.test(line));
    assert.equal(notes.length, 2);

    const again = await runQuietly("dit", ["--args_from", record, "-o", out]);
    assert.deepEqual(await outputsOf(again), wanted);
    await assert.rejects(
      runQuietly("dit", ["--args_from", record, "-o", out, "--threads=1024"]),
      UsageError, // what this command line says is not lowered
    );
    await Deno.remove(join(run, "sample_0"), { recursive: true });
    Object.assign(manifest, { status: "running", samples: [] });
    await write();
    assert.deepEqual(await outputsOf(await runQuietly("dit", ["--resume", run])), wanted);
  }));
