/** `verify`: compares a run, or a new run from flags, with sequential sampling. @module */
import { PROVIDER_FLAGS } from "../../arguments/flags/cuda_flags.ts";
import { ditFlags } from "../../arguments/flags/dit_flags.ts";
import type { Flag } from "../../arguments/flag.ts";
import { refuseIgnored } from "../../arguments/ignored_flags.ts";
import { parseFlags, takesValue } from "../../arguments/parse_flags.ts";
import { givenOverrides } from "../../arguments/record.ts";
import type { Overrides, Task } from "../../arguments/settings.ts";
import { asFlag } from "../../arguments/setting_names.ts";
import { TASKS } from "../../arguments/tasks.ts";
import { verifyRun } from "../../jobs/verify_run.ts";
import type { Command, Run } from "./command.ts";
import { forEachPath } from "../each_path.ts";
import { printHelpOrVersion } from "../help.ts";
import { withFlagNames } from "../main.ts";
import { printLines } from "../print.ts";
import { createProgress } from "../progress.ts";
import { runSampling } from "./sampling_command.ts";
import { requireVerified, sampleLine, summaryLines } from "../verify_report.ts";

const tolerance = {
  type: "number",
  min: 0,
  max: Number.MAX_VALUE,
  group: "Run",
  scope: "session",
  help: "largest accepted RMS difference of the latents, relative to the latent's RMS (default: " +
    "20 times the run's tol1)",
} as const satisfies Flag;

const flags = verifyFlags();

const summary = {
  name: "verify",
  about:
    "Samples the chains of a run sequentially and reports how far the run is from the result. " +
    "Expects the folder of a run, or dit, flow, sd or sd-winit and the flags of a run to make " +
    "first.",
  example: "deno task verify output/DiT-2026-11-23-01-02-18",
};

/** Flags of `verify` on a folder: settings that may differ from the recorded ones. */
// deno-lint-ignore explicit-module-boundary-types -- literal types give the types of parsed values
export function verifyFlags() {
  const { model_path, vae_path, threads, json, verbose, debug, help, version } = ditFlags();
  const { default: _, ...modelPath } = model_path;
  return {
    tolerance,
    model_path: { ...modelPath, help: "model folder (default: the recorded one)" },
    vae_path,
    ...PROVIDER_FLAGS,
    threads,
    json: { ...json, help: "print one JSON object per line: every sample, then the result" },
    ...{ verbose, debug, help, version },
  } as const satisfies Record<string, Flag>;
}

/**
 * Runs `verify`.
 *
 * @throws {VerificationError} when a sample is beyond the tolerance
 * @throws {FormatError} when the run is damaged or was never finished
 */
export const runVerify: Run = withFlagNames(async (args, signal) => {
  const at = args.findIndex((word, i) =>
    Object.hasOwn(TASKS, word) && !takesValue(TASKS[word as Task].flags, args[i - 1])
  );
  if (at >= 0) return await verifyNew(args[at] as Task, args.toSpliced(at, 1), signal);
  if (printHelpOrVersion({ summary, flags }, args)) return;
  const { values, given, operands } = parseFlags(flags, args, { mostOperands: Infinity });
  refuseIgnored(values, given);
  const overrides = givenOverrides(flags, values, given);
  const message = "verify needs the folder of a run, or dit, flow, sd or sd-winit and flags";
  const needs = { message, hint: summary.example };
  await forEachPath(
    operands,
    needs,
    (path) => verifyFolder(path, { ...values, overrides, signal }),
  );
});

/** Samples a run with the flags of a script, then verifies it. */
async function verifyNew(task: Task, args: readonly string[], signal: AbortSignal): Promise<void> {
  const run = await runSampling(task, args, { signal, more: { tolerance } });
  if (run === undefined) return; // --help
  const { values } = parseFlags({ ...TASKS[task].flags, json: flags.json, tolerance }, args);
  await verifyFolder(run.path, { ...values, overrides: {}, signal });
}

interface Wanted {
  tolerance?: number;
  json: boolean;
  overrides: Overrides;
  signal: AbortSignal;
}

async function verifyFolder(
  path: string,
  { tolerance, json, overrides, signal }: Wanted,
): Promise<void> {
  const print = (event: object, lines: readonly string[]) =>
    printLines(json ? [JSON.stringify(event)] : lines);
  const progress = createProgress({ quiet: false, json });
  const { total, samples, batchWide } = await verifyRun(path, { ...overrides, tolerance }, {
    ...{ signal, spelling: asFlag },
    onProgress: (event) => {
      if (event.event === "verified_sample") print(event, [sampleLine(event)]);
      else progress.show(event);
    },
  });
  print({ event: "verify", path, ...total }, summaryLines(total));
  requireVerified(samples, total.tolerance, batchWide);
}

/** The `verify` command. */
export const verifyCommand: Command = { flags, run: runVerify };
