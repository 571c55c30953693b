import assert from "node:assert/strict";
import { join } from "node:path";
import { runRerun } from "../../../src/cli/commands/rerun_script.ts";
import { FormatError, UsageError, VerificationError } from "../../../src/errors.ts";
import { digestBytes } from "../../../src/storage/hash.ts";
import type { Manifest } from "../../../src/runs/manifest.ts";
import { readManifest, runQuietly } from "../../support/sampling.ts";
import { withTempFolder } from "../../support/temp_folder.ts";
import { writeTinyDit } from "../../support/tiny_dit.ts";

const SD = "tests/fixtures/layouts/plain";

/** Runs `rerun`; returns its own event, where it got so far, and what it threw. */
async function rerun(...args: string[]) {
  const { log } = console;
  const lines: string[] = [];
  console.log = (line: string) => lines.push(line);
  const error = await runRerun([...args, "--json"], new AbortController().signal)
    .catch((error) => error)
    .finally(() => console.log = log);
  return { event: lines.map((line) => JSON.parse(line)).find((e) => e.event === "rerun"), error };
}

function withRun<T>(test: (run: string, again: string[]) => Promise<T>): Promise<T> {
  return withTempFolder(async (folder) => {
    const model = await writeTinyDit(folder);
    const args = ["-m", model, "--timesteps=4", "--num_samples=2", "--seed=3"];
    args.push(`--threads=${navigator.hardwareConcurrency}`);
    const run = await runQuietly("dit", [...args, "-o", join(folder, "out")]);
    return await test(run, ["-o", join(folder, "again")]);
  });
}

async function changeManifest(run: string, edit: (manifest: Manifest) => void): Promise<void> {
  const manifest = await readManifest(run);
  edit(manifest);
  await Deno.writeTextFile(join(run, "manifest.json"), JSON.stringify(manifest));
}

/**
 * Puts other bytes into an output and notes their hash, as another machine would have left them.
 */
async function replaceOutput(
  run: string,
  name: string,
  edit = (bytes: Uint8Array) => bytes.with(-1, bytes.at(-1)! ^ 1),
): Promise<void> {
  const bytes = edit(await Deno.readFile(join(run, name)));
  await Deno.writeFile(join(run, name), bytes);
  await changeManifest(run, ({ outputs }) => outputs[name] = digestBytes(bytes));
}

Deno.test("runRerun() gives the same bytes in another folder, except paths in args.txt", () =>
  withRun(async (run, again) => {
    const { event, error } = await rerun(run, ...again, "--threads=1");
    assert.equal(error, undefined, String(error));
    const recorded = Object.keys((await readManifest(run)).outputs);
    assert.ok(recorded.includes("args.txt"));
    assert.deepEqual(event.files, { equal: recorded, different: [], added: [] });
    const threads = { what: "threads", recorded: `${navigator.hardwareConcurrency}`, here: "1" };
    assert.deepEqual(event.differences, threads.recorded === "1" ? [] : [threads]);
  }));

Deno.test("runRerun() repeats a warm start from its manifest", () =>
  withTempFolder(async (folder) => {
    const args = ["-m", SD, "-o", folder, "--timesteps=5", "--variation_steps=3"];
    const { event, error } = await rerun(await runQuietly("sd-winit", args), "-o", folder);
    assert.equal(error, undefined, String(error));
    assert.deepEqual(event.files.different, []);
  }));

Deno.test("runRerun() exits with E_VERIFY and names the file and the recorded setup", () =>
  withRun(async (run, again) => {
    await replaceOutput(run, "sample_1/step_1.png");
    const plain = await rerun(run, ...again);
    assert.ok(plain.error instanceof VerificationError, String(plain.error));
    assert.match(
      plain.error.message,
      /^1 of \d+ files of .* differ: sample_1\/step_1\.png; versions, library, .* recorded ones$/,
    );
    await changeManifest(run, (manifest) => {
      manifest.versions.onnxruntime = "1.0.0";
      manifest.host = { ...manifest.host!, cpu: "Abacus 9" };
      delete manifest.library.sha256;
    });
    const { event, error } = await rerun(run, ...again);
    assert.equal(error.exitCode, 11);
    assert.match(error.message, /ONNX Runtime was 1\.0\.0, now \d/);
    assert.match(error.message, /processor was Abacus 9, now /);
    assert.match(error.message, /SHA-256 of the library was not recorded, now [0-9a-f]{64}/);
    assert.equal(event.verified, false);
    assert.deepEqual(event.files.different, ["sample_1/step_1.png"]);
  }));

Deno.test("runRerun() repeats a run that is older than a flag", () =>
  withRun(async (run, again) => {
    const without = (text: string) => text.replace("preview_every=None, ", "");
    await changeManifest(run, (manifest) => {
      assert.equal(manifest.arguments.preview_every, null);
      delete manifest.arguments.preview_every;
    });
    await replaceOutput(run, "args.txt", (bytes) => {
      const text = new TextDecoder().decode(bytes);
      assert.notEqual(without(text), text);
      return new TextEncoder().encode(without(text));
    });
    const { event, error } = await rerun(run, ...again);
    assert.equal(error, undefined, String(error));
    assert.deepEqual(event.files.different, []);
    assert.ok(!event.differences.some(({ what }: { what: string }) => what.startsWith("--")));
  }));

Deno.test("runRerun() names arguments that differ from the recorded ones", () =>
  withRun(async (run, again) => {
    await changeManifest(run, (manifest) => manifest.arguments.seed = 4);
    const { event, error } = await rerun(run, ...again);
    assert.equal(error.exitCode, 11);
    assert.ok(event.files.different.includes("args.txt"));
  }));

Deno.test("runRerun() refuses an unfinished run before sampling", () =>
  withRun(async (run, again) => {
    const none = await rerun(...again);
    assert.ok(none.error instanceof UsageError);
    assert.match(none.error.message, /needs the folder of a run/);
    await changeManifest(run, (manifest) => manifest.status = "interrupted");
    const unfinished = await rerun(run, ...again);
    assert.ok(unfinished.error instanceof FormatError);
    assert.match(unfinished.error.message, /holds no finished run/);
    await changeManifest(run, (manifest) => {
      manifest.status = "complete";
      manifest.script = "constructor";
    });
    const { error } = await rerun(run, ...again);
    assert.match(error.message, /its script is "constructor"/);
    await assert.rejects(Deno.stat(again[1]), Deno.errors.NotFound);
  }));
