import assert from "node:assert/strict";
import { join } from "node:path";
import { defaultTolerance } from "../../../src/jobs/verification.ts";
import { runVerify } from "../../../src/cli/commands/verify_script.ts";
import { FormatError, MismatchError, UsageError, VerificationError } from "../../../src/errors.ts";
import type { Manifest } from "../../../src/runs/manifest.ts";
import { readManifest, runQuietly } from "../../support/sampling.ts";
import { withTempFolder } from "../../support/temp_folder.ts";
import { writeTinyDit } from "../../support/tiny_dit.ts";

const SD = "tests/fixtures/layouts/plain";
const METHODS = ["tqn", "parataa", "fixed_point", "sequential"];
/** The chain to the last bit. */
const EXACT = ["--tol1=0", "--tol2=0"];

/** Runs `verify` and returns what it printed, one object a line, and what it threw. */
async function verify(
  ...args: string[]
): Promise<{ events: Record<string, unknown>[]; error: unknown }> {
  const { log } = console;
  const lines: string[] = [];
  console.log = (line: string) => lines.push(line);
  const error = await runVerify([...args, "--json"], new AbortController().signal)
    .catch((error) => error)
    .finally(() => console.log = log);
  return { events: lines.map((line) => JSON.parse(line)), error };
}

/** The last line of a run that must be verified. */
async function verified(...args: string[]): Promise<Record<string, unknown>> {
  const { events, error } = await verify(...args);
  assert.equal(error, undefined, String(error));
  return events.at(-1)!;
}

function withRun<T>(
  args: string[],
  test: (run: string, folder: string) => Promise<T>,
): Promise<T> {
  return withTempFolder(async (folder) => {
    const model = await writeTinyDit(folder);
    const fixed = ["-m", model, "-o", join(folder, "out"), "--timesteps=8", "--num_samples=1"];
    return await test(await runQuietly("dit", [...fixed, ...args]), folder);
  });
}

for (const method of METHODS) {
  Deno.test(`runVerify() finds ${method} at tolerance 0 equal to sequential sampling, also with a window`, async () => {
    const exact = method === "sequential" ? [] : EXACT;
    const windows = method === "sequential" ? [[]] : [[], ["--window_size=3"]];
    for (const window of windows) {
      await withRun(
        [`--method=${method}`, "--eta=1", ...exact, ...window],
        async (run) => {
          const total = await verified(run, "--tolerance=0");
          assert.deepEqual(total.latent, { max: 0, rms: 0, relative: 0 });
          assert.deepEqual(total.image, { psnr: null, ssim: 1 });
        },
      ).catch((error) => {
        throw new Error(`${window}`, { cause: error });
      });
    }
  });
}

Deno.test("runVerify() compares other windows and orders with the run's own tolerance", () =>
  withTempFolder(async (folder) => {
    const model = await writeTinyDit(folder);
    for (const tol of [1e-3, 1e-5]) {
      for (const window of [2, 8]) {
        for (const order of [1, 4]) {
          const run = await runQuietly("dit", [
            ...["-m", model, "-o", folder, "--timesteps=8", "--num_samples=1", "--method=parataa"],
            ...[`--window_size=${window}`, `--order=${order}`, `--tol1=${tol}`, `--tol2=${tol}`],
          ]);
          const { tolerance } = await verified(run);
          assert.equal(tolerance, Math.max(20 * tol, 1e-4));
        }
      }
    }
  }));

Deno.test("runVerify() reports the cost of the run and of sequential sampling", () =>
  withRun(["--method=parataa"], async (run) => {
    const { events, error } = await verify(run);
    assert.equal(error, undefined);
    const { samples: [{ rounds, nfe, seconds }] } = await readManifest(run);
    const [sample, total] = events;
    assert.equal(sample.event, "verified_sample");
    assert.deepEqual(sample.run, { rounds, nfe, seconds: seconds.sampling });
    assert.deepEqual({ ...sample.sequential as object, seconds: 0 }, {
      rounds: 8,
      nfe: 8,
      seconds: 0,
    });
    assert.equal(total.verified, true);
    const { max, rms, relative } = total.latent as Record<string, number>;
    assert.ok(rms > 0 && rms <= max && relative > 0);
  }));

Deno.test("runVerify() exits with E_VERIFY beyond the tolerance and for an incomplete chain", async () => {
  await withRun(["--method=parataa"], async (run) => {
    const { events, error } = await verify(run, "--tolerance=1e-12");
    assert.ok(error instanceof VerificationError, String(error));
    assert.equal(error.exitCode, 11);
    assert.match(error.message, /^1 of 1 samples differ .* wanted at most 1\.0e-12$/);
    assert.equal(events.at(-1)!.verified, false);
  });
  await withRun(["--max_steps=2"], async (run) => {
    const { error } = await verify(run);
    assert.ok(error instanceof VerificationError, String(error));
    assert.match(error.message, /sample 0, stopped before it was solved/);
  });
});

Deno.test("runVerify() verifies the prompts of a Stable Diffusion run", () =>
  withTempFolder(async (folder) => {
    const prompts = join(folder, "prompts.txt");
    await Deno.writeTextFile(prompts, "a cute cat\na cute dog");
    const args = ["-m", SD, "-o", folder, "--timesteps=5", "--prompts_file", prompts, "-n", "blue"];
    const run = await runQuietly("sd", [...args, ...EXACT]);
    await Deno.remove(prompts); // a run is checked without the files that it was made from
    assert.equal((await verified(run, "--tolerance=0")).samples, 2);
  }));

Deno.test("runVerify() verifies warm starts from their recorded start", () =>
  withTempFolder(async (folder) => {
    const fixed = ["-m", SD, "-o", folder, "--timesteps=5", "--variation_steps=3", ...EXACT];
    const first = await runQuietly("sd-winit", fixed);
    const { events, error } = await verify(first, "--tolerance=0");
    assert.equal(error, undefined, String(error));
    const taken = events.slice(0, 2).map((event) => (event.sequential as { nfe: number }).nfe);
    assert.deepEqual(taken, [5, 3]);
    const file = join(first, "sample_0/trajectory.safetensors");
    const second = await runQuietly("sd-winit", [...fixed, "--init_trajectory", file]);
    await Deno.remove(first, { recursive: true });
    const total = await verified(second, "--tolerance=0");
    assert.equal((total.sequential as { nfe: number }).nfe, 3);
  }));

Deno.test("runVerify() first samples if it is given sampling flags", () =>
  withTempFolder(async (folder) => {
    const model = await writeTinyDit(folder);
    const out = join(folder, "out");
    const flags = ["-m", model, "-o", out, "--timesteps=4", "--num_samples=1", ...EXACT];
    const total = await verified("dit", ...flags, "--tolerance=0");
    assert.ok(String(total.path).startsWith(out));
    const { arguments: args } = await readManifest(String(total.path));
    assert.ok(!("tolerance" in args));
  }));

/** Puts other bytes in the place of a file's. */
async function change(file: string, edit: (bytes: Uint8Array) => Uint8Array): Promise<void> {
  await Deno.writeFile(file, edit(await Deno.readFile(file)));
}

async function changeManifest(run: string, edit: (manifest: Manifest) => void): Promise<void> {
  const manifest = await readManifest(run);
  edit(manifest);
  await Deno.writeTextFile(join(run, "manifest.json"), JSON.stringify(manifest));
}

type Damage = [
  name: string,
  damage: (run: string, folder: string) => Promise<void>,
  kind: new (...args: never[]) => Error,
  message: RegExp,
];

const flipLast = (bytes: Uint8Array) => bytes.with(-1, bytes.at(-1)! ^ 1) as Uint8Array;
const DAMAGES: Damage[] = [
  [
    "one bit of an image",
    (run) => change(join(run, "sample_0/step_1.png"), flipLast),
    FormatError,
    /step_1\.png is damaged/,
  ],
  [
    "half a trajectory",
    (run) =>
      change(
        join(run, "sample_0/trajectory.safetensors"),
        (bytes) => bytes.subarray(0, bytes.length / 2),
      ),
    FormatError,
    /trajectory\.safetensors is damaged/,
  ],
  [
    "a missing file",
    (run) => Deno.remove(join(run, "args.txt")),
    FormatError,
    /args\.txt is missing/,
  ],
  [
    "a link in the place of a file",
    async (run, folder) => {
      await Deno.rename(join(run, "args.txt"), join(folder, "elsewhere"));
      await Deno.symlink(join(folder, "elsewhere"), join(run, "args.txt"));
    },
    FormatError,
    /lists "args\.txt", which is outside the run folder/,
  ],
  [
    "a run that was killed",
    (run) => changeManifest(run, (manifest) => manifest.status = "running"),
    FormatError,
    /holds no finished run: its status is running/,
  ],
  [
    "a run that failed",
    (run) =>
      changeManifest(run, (manifest) => {
        manifest.status = "failed";
        manifest.error = { code: "E_NUMERICAL", message: "NaN" };
      }),
    FormatError,
    /status is failed \(E_NUMERICAL: NaN\)/,
  ],
  [
    "an output outside",
    (run, folder) =>
      changeManifest(run, (manifest) => {
        manifest.outputs["../../tiny-dit/model_index.json"] = { size: 1, sha256: folder };
      }),
    FormatError,
    /is outside the run folder/,
  ],
  [
    "a class that is none",
    (run) => changeManifest(run, (manifest) => manifest.samples[0].condition.class_label = 99),
    FormatError,
    /class_label is 99, wanted a whole number from 0 to 2/,
  ],
  [
    "half a manifest",
    (run) => change(join(run, "manifest.json"), (bytes) => bytes.subarray(0, 300)),
    FormatError,
    /manifest\.json: line/,
  ],
  [
    "another program's manifest",
    (run) => Deno.writeTextFile(join(run, "manifest.json"), '{"format": "other"}'),
    FormatError,
    /not a manifest of parataa/,
  ],
  [
    "an unknown script",
    (run) => changeManifest(run, (manifest) => manifest.script = "constructor"),
    FormatError,
    /its script is "constructor"/,
  ],
  [
    "no manifest",
    (run) => Deno.remove(join(run, "manifest.json")),
    UsageError,
    /is not a run folder/,
  ],
  [
    "another model",
    async (_run, folder) => {
      await writeTinyDit(folder, { nanAt: 1001 });
    },
    MismatchError,
    /transformer\/model\.onnx has SHA-256 [0-9a-f]{64}, .*manifest\.json lists/,
  ],
];

Deno.test("runVerify() accepts several runs between flags", () =>
  withRun([], async (run) => {
    const { events, error } = await verify("--threads", "1", run, "nowhere", run);
    assert.equal((error as Error).message, "there is no folder nowhere");
    assert.equal(events.filter(({ event }) => event === "verify").length, 2);
  }));

for (const [name, damage, kind, message] of DAMAGES) {
  Deno.test(`runVerify() names ${name}`, () =>
    withRun([], async (run, folder) => {
      await damage(run, folder);
      const { events, error } = await verify(run);
      assert.ok(error instanceof kind, String(error));
      assert.match(error.message, message);
      assert.deepEqual(events, []);
    }));
}

Deno.test("runVerify() accepts the new path of a moved model", () =>
  withRun([], async (run, folder) => {
    const moved = join(folder, "moved");
    await Deno.rename(join(folder, "tiny-dit"), moved);
    assert.equal((await verified(run, "--model_path", moved)).verified, true);
  }));

Deno.test("defaultTolerance() is twenty times the run's tolerance, and at least 1e-4", () => {
  const tolerance = (args: Manifest["arguments"]) =>
    defaultTolerance({ arguments: args } as Manifest);
  assert.equal(tolerance({ method: "tqn", tol1: null, tol2: null }), 20 * 3e-4);
  assert.equal(tolerance({ method: "parataa", tol1: null, tol2: null }), 20 * 1e-3);
  assert.equal(tolerance({ method: "parataa", tol1: 0, tol2: 1e-4 }), 20 * 1e-4);
  assert.equal(tolerance({ method: "tqn", tol1: 0, tol2: 0 }), 1e-4);
  assert.equal(tolerance({ method: "tqn", tol1: 0, tol2: null }), 1e-4);
  for (const method of ["tqn", "parataa"]) {
    assert.equal(tolerance({ method, preset: "exact", tol1: null, tol2: null }), 1e-4);
  }
  assert.equal(tolerance({ method: "tqn", tol1: 1e-3, tol2: 2e-2 }), 20 * 2e-3);
  assert.equal(tolerance({ method: "sequential", tol1: null, tol2: null }), 1e-4);
});
