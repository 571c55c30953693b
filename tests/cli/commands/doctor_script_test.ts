import assert from "node:assert/strict";
import { join } from "node:path";
import { runDoctor } from "../../../src/cli/commands/doctor_script.ts";
import { PROBE } from "../../../src/diagnostics/doctor/provider_check.ts";
import { ModelError, RuntimeLibraryError, UsageError } from "../../../src/errors.ts";
import { addModel } from "../../support/models.ts";
import { ROOT, runScript } from "../../support/run_script.ts";
import { withTempFolder } from "../../support/temp_folder.ts";
import { writeTinyDit } from "../../support/tiny_dit.ts";
import { writeTinyFlow } from "../../support/tiny_flow.ts";

interface Checked {
  name: string;
  state: string;
  text: string;
  hint?: string;
  code?: string;
}

async function doctor(
  ...args: string[]
): Promise<{ checks: Checked[]; ok?: boolean; error: unknown }> {
  const { log } = console;
  const lines: string[] = [];
  console.log = (line: string) => lines.push(line);
  const error = await runDoctor([...args, "--json"], new AbortController().signal)
    .catch((error) => error)
    .finally(() => console.log = log);
  return { checks: [], ...(lines.length ? JSON.parse(lines[0]) : {}), error };
}

const state = (checks: Checked[], name: string) =>
  checks.find((check) => check.name === name)?.state;

Deno.test("runDoctor() finds the library and the CPU, and reports why CUDA is unavailable", async () => {
  const { checks, ok, error } = await doctor();
  assert.equal(error, undefined, String(error));
  assert.equal(ok, true);
  const names = checks.map(({ name }) => name);
  assert.deepEqual(names.slice(0, 5), ["machine", "library", "devices", "cpu", "cuda"]);
  // The others are those of the library, then those that it lacks.
  assert.equal(names.at(-1), "others");
  assert.match(checks.at(-1)!.text, /^not in this library: .*\bcoreml\b/);
  assert.match(checks[1].text, /^ONNX Runtime 1\.\d+\.\d+, API \d+, .*\n?/);
  assert.equal(state(checks, "cpu"), "ok");
  for (const { state, hint, text } of checks) {
    if (state !== "ok") assert.ok(hint, text);
  }
});

Deno.test("runDoctor() names the operator that requires one row per call of a quantised network", () =>
  withTempFolder(async (folder) => {
    const path = await writeTinyDit(folder, { quantised: true });
    const { checks, error } = await doctor("--model_path", path);
    assert.equal(error, undefined, String(error));
    const text = (name: string) => checks.find((check) => check.name === name)!.text;
    assert.match(text("model"), /DynamicQuantizeLinear uses one scale for all rows of a call/);
    assert.match(text("rows"), /every row is evaluated alone, for DynamicQuantizeLinear: two rows/);
  }));

Deno.test("runDoctor() opens a model, compares rows and times batches", () =>
  withTempFolder(async (folder) => {
    const { checks, error } = await doctor("-m", await writeTinyDit(folder));
    assert.equal(error, undefined, String(error));
    assert.deepEqual(["model", "rows", "time"].map((name) => state(checks, name)), [
      "ok",
      "ok",
      "ok",
    ]);
    assert.match(checks.at(-1)!.text, /^1 row in [\d.]+ ms/);
  }));

Deno.test("runDoctor() opens a flow as a flow", () =>
  withTempFolder(async (folder) => {
    const { checks, error } = await doctor("-m", await writeTinyFlow(folder));
    assert.equal(error, undefined, String(error));
    assert.equal(state(checks, "rows"), "ok");
  }));

Deno.test("runDoctor() fails on a model with one correct row per batch", () =>
  withTempFolder(async (folder) => {
    const model = await writeTinyDit(folder, { firstRowOnly: true });
    const { checks, error } = await doctor("-m", model);
    assert.equal(state(checks, "rows"), "fail");
    assert(error instanceof ModelError, String(error));
    assert.match(error.message, /two rows in a batch are .* from each alone/);
    assert.match(error.hint!, /--batch_size 1/);
  }));

Deno.test("runDoctor() fails on a missing part with a hint", () =>
  withTempFolder(async (folder) => {
    const cuda = await doctor("--provider=cuda");
    // A machine with CUDA has nothing to complain of.
    if (cuda.error !== undefined) {
      assert(cuda.error instanceof RuntimeLibraryError, String(cuda.error));
      assert.equal(state(cuda.checks, "cuda"), "fail");
    }
    const none = await doctor("-m", join(folder, "none"));
    assert(none.error instanceof ModelError, String(none.error));
    const model = none.checks.find(({ name }) => name === "model");
    assert.equal(model?.code, "E_MODEL");
    assert.ok(model.hint);
    const unknown = await doctor("-m", await writeTinyDit(folder, { unknownOperator: true }));
    assert(unknown.error instanceof ModelError, String(unknown.error));
    assert.match(unknown.checks.find(({ name }) => name === "model")!.hint!, /deno task inspect/);
  }));

Deno.test("runDoctor() lists every searched path of the library", async () => {
  const script = (permissions: string[], ...args: string[]) =>
    runScript("scripts/doctor.ts", args, { permissions });
  const read = "--allow-read=models,node_modules/onnxruntime-node";
  const lost = await script(["--allow-ffi", read], "--ort_lib=nowhere.so");
  assert.equal(lost.code, 7);
  assert.match(
    lost.stdout,
    /^FAIL library +cannot open ONNX Runtime\n +tried .*nowhere\.so \(given\s+path\):[^>]*\n +-> run `deno install`/m,
  );
  assert.match(lost.stderr, /^parataa: E_RUNTIME: cannot open ONNX Runtime - run/);
  const locked = await script([read]);
  assert.equal(locked.code, 4);
  assert.match(
    locked.stdout,
    /^FAIL library .*\n(.*\n)? +-> --allow-ffi is missing: run deno run/m,
  );
  assert.match(
    locked.stdout,
    /^note permissions +doctor lacks --allow-ffi\n +-> run deno run -q -P=doctor scripts\/doctor\.ts$/m,
  );
});

Deno.test("runDoctor() omits its own permissions, names the command as started, and fits 80 columns", () =>
  withTempFolder(async (folder) => {
    const model = await writeTinyDit(folder, { unknownOperator: true });
    const { stdout } = await new Deno.Command("sh", {
      args: ["-c", `./parataa doctor -m '${model}'`],
      cwd: ROOT,
    }).output();
    const text = new TextDecoder().decode(stdout);
    assert.doesNotMatch(text, /permissions|lacks --allow/);
    assert.match(
      text.replace(/\s+/g, " "),
      /-> `\.\/parataa inspect \S.*?` lists the contents of the folder/,
    );
    // A path is not broken.
    const long = text.split("\n").filter((line) => line.length > 80 && line.trim().includes(" "));
    assert.deepEqual(long.filter((line) => !/^.{20}\S+$/.test(line)), []);
  }));

Deno.test("runDoctor() refuses bad flags", async () => {
  for (
    const [args, wanted] of [[["--provider=gpu"], /--provider is "gpu"/], [
      ["--fp16"],
      /--fp16 is for --model_path/,
    ], [["models"], /unexpected argument/]] as const
  ) {
    const { error } = await doctor(...args);
    assert(error instanceof UsageError, String(error));
    assert.match(error.message, wanted);
  }
});

Deno.test("PROBE equals the smallest test model", () => {
  assert.equal(PROBE, addModel().toBase64());
});
