import assert from "node:assert/strict";
import { join } from "node:path";
import { ModelError, UsageError } from "../../src/errors.ts";
import { printed, withExperiment } from "../support/experiment.ts";
import { withTempFolder } from "../support/temp_folder.ts";

type Slip = [
  what: string,
  definition: object,
  kind: typeof UsageError | typeof ModelError,
  message: RegExp,
];

const SLIPS: Slip[] = [
  [
    "a class that is none",
    { grid: { class_labels: ["1", "catt"] } },
    UsageError,
    /sweep\.json: run "sequential, class_labels catt": --class_labels has "catt"/,
  ],
  [
    "a class's number that is too large",
    { grid: { class_labels: ["1", "9999"] } },
    UsageError,
    /--class_labels has "9999"/,
  ],
  [
    "another number of classes than samples",
    { arguments: { num_samples: 3 }, grid: { class_labels: ["0", "0,1"] } },
    UsageError,
    /--class_labels names 2 classes for 3 samples, wanted 1 or 3/,
  ],
  [
    "a file that is not there",
    { grid: { noise_path: ["no-such.npy"] } },
    UsageError,
    /--noise_path no-such\.npy cannot be read: there is no such file/,
  ],
  [
    "a VAE that is not there",
    { grid: { vae_path: ["no-such"] } },
    UsageError,
    /--vae_path no-such cannot be read/,
  ],
  [
    "a model without the files of half precision",
    { grid: { fp16: [false, true] } },
    ModelError,
    /lacks transformer\/model_fp16\.onnx/,
  ],
];

for (const [what, definition, kind, message] of SLIPS) {
  for (const args of [["--dry_run"], []]) {
    Deno.test(`runExperiment() ${args.join()} refuses ${what} before the first run`, () =>
      withExperiment(async (start, out) => {
        const base = { model_path: join(out, "../tiny-dit"), timesteps: 6 };
        const { arguments: more = {} } = definition as { arguments?: object };
        const whole = { ...definition, arguments: { ...base, ...more } };
        const error = await start(whole, { args }).catch((error) => error);
        assert.ok(error instanceof kind, String(error));
        assert.match(error.message, message);
        await assert.rejects(Deno.stat(out), Deno.errors.NotFound);
      }));
  }
}

Deno.test("runExperiment() refuses prompts that cannot be read before the first run", () =>
  withTempFolder(async (folder) => {
    const file = join(folder, "sd.json"), prompts = join(folder, "prompts.txt");
    await Deno.writeTextFile(prompts, "\n \n");
    const base = { model_path: "tests/fixtures/layouts/plain", timesteps: 4 };
    const definition = { script: "sd", arguments: base, grid: { prompts_file: [prompts] } };
    await Deno.writeTextFile(file, JSON.stringify(definition));
    const error = await printed([file, "-o", join(folder, "out"), "--dry_run"]).catch((e) => e);
    assert.ok(error instanceof UsageError, String(error));
    assert.match(error.message, /prompts\.txt contains no prompt/);
  }));

Deno.test("runExperiment() --report_only needs no model", () =>
  withExperiment(async (start, out) => {
    await start({ grid: { fp16: [true] } }, { args: ["--report_only"] });
    assert.match(await Deno.readTextFile(join(out, "report.html")), /Unfinished: 0 of/);
  }));
