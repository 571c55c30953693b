import assert from "node:assert/strict";
import { CUDA_FLAGS, refuseIgnored } from "../../src/arguments/ignored_flags.ts";
import { asFlag } from "../../src/arguments/setting_names.ts";
import { settingNotes } from "../../src/arguments/setting_notes.ts";
import { resolveSettings } from "../../src/arguments/resolve_settings.ts";
import { TASK_NAMES } from "../../src/arguments/tasks.ts";
import { PROVIDER_FLAGS } from "../../src/arguments/flags/cuda_flags.ts";
import { runConvert } from "../../src/cli/commands/convert_script.ts";
import { samplingCommand } from "../../src/cli/commands/sampling_command.ts";
import { runDoctor } from "../../src/cli/commands/doctor_script.ts";
import { runSelftest } from "../../src/cli/commands/selftest_script.ts";
import { runVerify } from "../../src/cli/commands/verify_script.ts";
import { UsageError } from "../../src/errors.ts";

const { signal } = new AbortController();

type Run = (args: readonly string[], signal: AbortSignal) => Promise<unknown>;

async function refused(run: Run, line: string, wanted: string): Promise<void> {
  await assert.rejects(run(line.split(" "), signal), (error: Error) => {
    assert.ok(error instanceof UsageError, `${line}: ${error}`);
    assert.equal(error.message, wanted, line);
    return true;
  });
}

/** A command line, and the flag and the setting that its refusal names. */
const REFUSED: Readonly<Record<string, [line: string, wanted: string][]>> = {
  dit: [
    ["--provider cpu --gpu_mem_limit 5", "--gpu_mem_limit has no effect with --provider cpu"],
    ["--provider cpu --cuda_libs x", "--cuda_libs has no effect with --provider cpu"],
    ["--devices cpu:2 --cuda_options a=1", "--cuda_options has no effect with --devices cpu:2"],
    ["--quiet --json", "--quiet has no effect with --json"],
    ["--quiet --verbose", "--quiet has no effect with --verbose"],
    [
      "--noise_path x --seed 3 --class_labels 1",
      "--seed has no effect with --noise_path",
    ],
  ],
  flow: [
    ["--force_warm", "--force_warm has no effect without --init_trajectory"],
    [
      "--noise_path x --seed 3 --class_labels 1",
      "--seed has no effect with --noise_path",
    ],
  ],
  sd: [
    ["--noise_path x --seed 3", "--seed has no effect with --noise_path"],
    ["--noise_path x --noise_stream per_image", "--noise_stream has no effect with --noise_path"],
  ],
  "sd-winit": [
    ["--force_warm", "--force_warm has no effect without --init_trajectory"],
    ["--init_image x --force_warm", "--force_warm has no effect without --init_trajectory"],
  ],
};

for (const name of TASK_NAMES) {
  Deno.test(`${name} refuses flags that have no effect beside another setting`, async () => {
    for (const [line, wanted] of REFUSED[name]) {
      await refused(samplingCommand(name).run, `${line} --model_path nosuch`, wanted);
    }
  });
}

Deno.test("commands refuse flags that have no effect beside another setting", async () => {
  const cpu = "--gpu_mem_limit has no effect with";
  await refused(runDoctor, "--provider cpu --gpu_mem_limit 5", `${cpu} --provider cpu`);
  await refused(runDoctor, "--threads 1", "--threads is for --model_path, which is not given");
  await refused(runSelftest, "--gpu_mem_limit 5", `${cpu} --device cpu`);
  await refused(runVerify, "nosuch --provider cpu --gpu_mem_limit 5", `${cpu} --provider cpu`);
  await refused(runConvert, "dit --quiet --json", "--quiet has no effect with --json");
});

Deno.test("refuseIgnored() accepts flags that are recorded or have an effect", () => {
  const cuda = new Set<string>(CUDA_FLAGS);
  refuseIgnored({ provider: "cpu" }, new Set()); // recorded on a machine with a GPU
  refuseIgnored({ provider: "auto", devices: "auto" }, cuda);
  refuseIgnored({ provider: "cpu", list_devices: true }, cuda);
  refuseIgnored({ json: true, verbose: true }, new Set(["json", "verbose"]));
  // The seed draws the classes.
  refuseIgnored({ noise_path: "x", class_labels: undefined }, new Set(["seed"]));
});

Deno.test("CUDA_FLAGS are the flags of the CUDA group", () => {
  const group = Object.entries(PROVIDER_FLAGS).filter(([, flag]) => flag.group === "CUDA");
  assert.deepEqual(group.map(([name]) => name), [...CUDA_FLAGS]);
});

Deno.test("settingNotes() explains guidance below 1 and a negative prompt without effect", () => {
  const notes = (given: { guidanceScale: number; negativePrompt?: string }) => {
    const task = given.negativePrompt === undefined ? "dit" : "sd";
    return settingNotes(resolveSettings({ task, ...given }).settings)
      .map((note) => typeof note === "string" ? note : note(asFlag));
  };
  assert.deepEqual(notes({ guidanceScale: 4, negativePrompt: "dog" }), []);
  assert.deepEqual(notes({ guidanceScale: 1, negativePrompt: "" }), []);
  assert.deepEqual(notes({ guidanceScale: 1, negativePrompt: "dog" }), [
    "--negative_prompt has no effect with --cfg_scale 1, which turns guidance off",
  ]);
  const off = "; to disable guidance, as diffusers does up to 1, set --cfg_scale 1";
  assert.deepEqual(notes({ guidanceScale: 0, negativePrompt: "" }), [
    `--cfg_scale 0: images are unconditional and do not follow the prompt${off}`,
  ]);
  assert.deepEqual(notes({ guidanceScale: 0, negativePrompt: "dog" }), [
    `--cfg_scale 0: images are of the negative prompt and do not follow the prompt${off}`,
  ]);
  assert.deepEqual(notes({ guidanceScale: 0.5 }), [
    `--cfg_scale 0.5: images are partly unconditional and follow the class less${off}`,
  ]);
});
