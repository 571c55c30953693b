/** `verify`: a run's folder, or a sampling script's flags, against sequential sampling. @module */
import { FormatError } from "../errors.ts";
import type { LatentPipeline } from "../pipelines/latent_pipeline.ts";
import { readFinishedRun } from "../runs/finished_run.ts";
import type { Command } from "./command.ts";
import { ditScript } from "../jobs/dit_script.ts";
import { createProgress } from "./progress.ts";
import { PROVIDER_FLAGS } from "../arguments/cuda_flags.ts";
import type { Flag, FlagTable } from "../arguments/flag.ts";
import { refuseIgnored } from "../arguments/ignored_flags.ts";
import { parseFlags, show, takesValue, toArguments } from "../arguments/parse_flags.ts";
import { printLines } from "./print.ts";
import {
  printedAndDone,
  runSampling,
  type SamplingScript,
  type SamplingTable,
} from "../jobs/sampling_script.ts";
import { forEachPath } from "./each_path.ts";
import { ditFlags } from "../arguments/dit_flags.ts";
import { sdScript } from "../jobs/sd_script.ts";
import { sdWinitScript } from "../jobs/sd_winit_script.ts";
import {
  defaultTolerance,
  overall,
  overallLines,
  requireVerified,
  sampleLine,
} from "./verify_report.ts";
import { type VerifiedSample, type VerifyOptions, verifyRun } from "../jobs/verify_run.ts";

const tolerance = {
  type: "number",
  min: 0,
  max: Number.MAX_VALUE,
  group: "Run",
  scope: "session",
  help:
    "RMS latent difference that is still well, over the latent's RMS; 20 times the run's tol1 by default",
} as const satisfies Flag;

const flags = verifyFlags();

const summary = {
  name: "verify",
  about:
    "Samples the chains of a run one step after another and says how far the run is from that.\n" +
    "Takes the folder of a run, or dit, sd or sd-winit and that script's flags to make one first.",
  example: "deno task verify output/DiT-2026-11-23-01-02-18",
};

/** A script with its types settled, so that all three lie in one table. */
interface Verifiable {
  /** As a manifest calls it. */
  name: string;
  sample(args: readonly string[], signal: AbortSignal): Promise<string | undefined>;
  flags: FlagTable;
  verify(options: VerifyOptions): AsyncGenerator<VerifiedSample>;
}

const SCRIPTS: Readonly<Record<string, Verifiable>> = {
  dit: verifiable(ditScript),
  sd: verifiable(sdScript),
  "sd-winit": verifiable(sdWinitScript),
};

function verifiable<T extends FlagTable & SamplingTable, P extends LatentPipeline<never>>(
  script: SamplingScript<T, P>,
): Verifiable {
  const tolerant = { ...script, flags: { ...script.flags, tolerance } };
  return {
    name: script.summary.name,
    flags: tolerant.flags,
    sample: async (args, signal) => (await runSampling(tolerant, args, signal))?.path,
    verify: (options) => verifyRun(script, options),
  };
}

/** Flags of `verify` on a folder: what may differ from the run's own. */
// deno-lint-ignore explicit-module-boundary-types -- the table's literal types carry the types of the parsed values
export function verifyFlags() {
  const { model_path, vae_path, threads, json, verbose, debug, help, version } = ditFlags();
  const { default: _, ...modelPath } = model_path;
  return {
    tolerance,
    model_path: { ...modelPath, help: "folder of the run's model; as recorded by default" },
    vae_path,
    ...PROVIDER_FLAGS,
    threads,
    json: { ...json, help: "print one JSON object a line: every sample, the whole" },
    ...{ verbose, debug, help, version },
  } as const satisfies Record<string, Flag>;
}

/**
 * Runs `verify`.
 *
 * @throws {VerificationError} when a sample is beyond the tolerance
 * @throws {FormatError} when the run is damaged or was never finished
 */
export async function runVerify(args: readonly string[], signal: AbortSignal): Promise<void> {
  const at = args.findIndex((word, i) =>
    Object.hasOwn(SCRIPTS, word) && !takesValue(SCRIPTS[word].flags, args[i - 1])
  );
  if (at >= 0) return await verifyFlagsOf(args[at], args.toSpliced(at, 1), signal);
  if (printedAndDone({ summary, flags }, args)) return;
  const { values, given, operands } = parseFlags(flags, args, { mostOperands: Infinity });
  refuseIgnored(values, given);
  const here = [...given].filter((name) => name in ditScript.flags);
  const overrides = here.map((name) => [name, (values as Record<string, unknown>)[name]]);
  const wanted = {
    ...values,
    overrides: toArguments(flags, Object.fromEntries(overrides), new Set(["json", "debug"])),
    signal,
  };
  const message = "verify needs the folder of a run, or dit, sd or sd-winit and flags";
  const needs = { message, hint: summary.example };
  await forEachPath(operands, needs, (path) => verifyFolder(path, wanted));
}

async function verifyFlagsOf(name: string, args: readonly string[], signal: AbortSignal) {
  const script = SCRIPTS[name];
  const path = await script.sample(args, signal);
  if (path === undefined) return; // --help
  const { values } = parseFlags({ ...script.flags, json: flags.json, tolerance }, args);
  await verifyFolder(path, { ...values, overrides: [], signal });
}

interface Wanted {
  tolerance?: number;
  json: boolean;
  overrides: readonly string[];
  signal: AbortSignal;
}

async function verifyFolder(path: string, { tolerance, json, overrides, signal }: Wanted) {
  const manifest = await readFinishedRun(path);
  const script = Object.values(SCRIPTS).find((s) => s.name === manifest.script);
  if (script === undefined) {
    throw new FormatError(`${path}: its script is ${show(manifest.script)}, wanted one of ours`);
  }
  const print = (event: string, fields: object, lines: readonly string[]) =>
    printLines(json ? [JSON.stringify({ event, ...fields })] : lines);
  const samples: VerifiedSample[] = [];
  const { note } = createProgress({ quiet: false, json });
  let batchWide: readonly string[] = [];
  const onOpen: VerifyOptions["onOpen"] = (pipeline) => batchWide = pipeline.batchWide;
  const options = { path, manifest, overrides, signal, note, onOpen };
  for await (const sample of script.verify(options)) {
    samples.push(sample);
    print("verified_sample", sample, [sampleLine(sample)]);
  }
  const most = tolerance ?? defaultTolerance(manifest);
  const total = overall(samples, most);
  print("verify", { path, ...total }, overallLines(total));
  requireVerified(samples, most, batchWide);
}

/** `verify`, for `parataa`. */
export const verifyCommand: Command = { flags, run: runVerify };
