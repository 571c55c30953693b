/** The run that all sampling scripts share; what differs between them is a {@link SamplingScript}. @module */
import { UsageError } from "../errors.ts";
import type { Image } from "../images/image.ts";
import type { GuidedDenoiser } from "../models/guided_denoiser.ts";
import type { LatentPipeline, PipelineOptions } from "../pipelines/latent_pipeline.ts";
import { readFinishedRun } from "../runs/finished_run.ts";
import { conditionName, type Manifest, type SampleRecord } from "../runs/manifest.ts";
import { writeSheet } from "../runs/sample_files.ts";
import type { HeldRun } from "../runs/unfinished_run.ts";
import type { Environment } from "../runtime/environment.ts";
import type { Schedule } from "../sampling/schedule.ts";
import type { Execution } from "./choose_provider.ts";
import { checkDevices, chooseExecution } from "./devices.ts";
import type { FlagTable, FlagValues } from "../arguments/flag.ts";
import { refuseIgnored, settingNotes } from "../arguments/ignored_flags.ts";
import { parseFlags } from "../arguments/parse_flags.ts";
import { helpText, type ScriptSummary, versionText } from "../cli/help.ts";
import { describeError, Interrupted } from "../cli/main.ts";
import type { Job, Jobs } from "./job.ts";
import { deviceLines, listDevices } from "../cli/list_devices.ts";
import { openEnvironment, openPipeline } from "./open_pipeline.ts";
import { printLines, printText } from "../cli/print.ts";
import { createProgress, plural, type Progress } from "../cli/progress.ts";
import {
  type Arguments,
  readArguments,
  recordArguments,
  type RecordedArguments,
} from "../arguments/read_arguments.ts";
import { createRun, resumeRun } from "./open_run.ts";
import { digestInputs, holdResumed, resumedArguments } from "./resume.ts";
import { hashNetworks, newManifest } from "./run_manifest.ts";
import { runConcurrently } from "./run_concurrently.ts";
import { type SampleContext, trajectoryIdentity } from "./run_sample.ts";
import type { samplingFlags } from "../arguments/script_flags.ts";
import { settleWindow } from "./planning/settle_window.ts";
import type { SamplingValues } from "./solve.ts";
import { requireAccess } from "../arguments/user_file.ts";
import { readSeedList } from "../arguments/seed_list.ts";

/** Flags that every sampling script has. */
export type SamplingTable = ReturnType<typeof samplingFlags>;

/** Images beyond these are left out of the run's sheet. */
const MOST_ON_SHEET = 256;

/** What a script gives to the shared run. */
export interface SamplingScript<
  T extends FlagTable & SamplingTable,
  P extends LatentPipeline<never>,
> {
  summary: ScriptSummary;
  /** Task, and command of `parataa`, that starts it. */
  command: string;
  /** Start of the run folder's name: `DiT`. */
  prefix: string;
  flags: T;
  /** Groups of flags of which at most one may be given. */
  exclusive?: readonly (readonly string[])[];
  /** Refuses combinations of flags before any model is opened. @throws {UsageError} */
  check?(values: FlagValues<T>, given: ReadonlySet<string>): void;
  /** Prints a list that a flag asks for and that needs no library. @returns whether one was asked for */
  listed?(values: FlagValues<T>): Promise<boolean>;
  /** Checks the model folder `path`, and classes or prompts against it, opening no network. @throws {ParataaError} */
  checkInputs(
    path: string,
    args: Pick<Arguments<FlagValues<T>>, "values" | "given">,
  ): Promise<void>;
  /** Opens the model folder `path`. */
  open(env: Environment, path: string, values: FlagValues<T>, options: PipelineOptions): Promise<P>;
  /** The samples, how many there are, and what the record must say in place of the flags' values. */
  jobs(setting: Setting<T, P>): Promise<{
    count: number;
    jobs: Jobs;
    settled?: Readonly<Record<string, string | number | null>>;
  }>;
  /** The denoiser of a condition as a manifest records it. @throws {FormatError} when it is no condition of this model */
  denoiser(
    condition: Job["condition"],
    setting: DenoiserSetting<T, P>,
  ): Promise<GuidedDenoiser>;
  /** Any condition, to time the denoiser with. */
  anyCondition: Job["condition"];
  /** The start of a sample that was not made from scratch. */
  recordedStart?(
    values: FlagValues<T>,
    sample: { index: number; count: number },
  ): RecordedStart | undefined;
}

/** A warm start that a run has recorded. */
export interface RecordedStart {
  /** Sample whose trajectory it was; the sample's own holds what was kept of a file's. */
  from: number;
  variationSteps: number;
}

/** What a denoiser is made from. */
export type DenoiserSetting<T extends FlagTable & SamplingTable, P> = Pick<
  Setting<T, P>,
  "pipeline" | "values" | "schedule" | "progress" | "signal"
>;

/** What a script makes its jobs from. */
export interface Setting<T extends FlagTable & SamplingTable, P> {
  pipeline: P;
  values: FlagValues<T>;
  /** Flags that were given. */
  given: ReadonlySet<string>;
  schedule: Schedule;
  manifest: Manifest;
  progress: Progress;
  signal: AbortSignal;
}

/** What a run came to; rounds, evaluations and seconds are means over its samples. */
export interface RunSummary {
  path: string;
  samples: number;
  timesteps: number;
  rounds: number;
  nfe: number;
  seconds: number;
  /** Part of `seconds` spent inside the network. */
  networkSeconds: number;
  /** Samples that `--max_steps` ended before their chain was solved. */
  unconverged: number;
  /** Every sample's own figures. */
  records: readonly SampleRecord[];
}

/**
 * Runs a sampling script: arguments, model, one folder per sample, manifest.
 *
 * @returns `undefined` when `--help`, `--version` or `--plan` was all that was asked for
 * @throws {ParataaError} with the exit code of the contract; flags are checked before any model is opened
 */
export async function runSampling<
  T extends FlagTable & SamplingTable,
  P extends LatentPipeline<never>,
>(
  script: SamplingScript<T, P>,
  argv: readonly string[],
  signal: AbortSignal,
  ownProgress?: Progress,
): Promise<RunSummary | undefined> {
  if (printedAndDone(script, argv)) return undefined;
  const { name } = script.summary;
  await using held = await holdResumed(script.flags, argv);
  const args = await checkedArguments(script, argv, held);
  const values = args.values as SamplingValues;
  const progress = ownProgress ?? createProgress(values);
  if (held?.manifest.status === "complete") return await reportComplete(held.path, progress);
  if (await script.listed?.(args.values)) return undefined;
  using env = openEnvironment(values);
  if (values.list_devices) {
    const list = listDevices(env, values);
    printLines(values.json ? [JSON.stringify(list)] : deviceLines(list));
    return undefined;
  }
  const execution = chooseExecution(env, values);
  await using pipeline = await openPipeline(script, env, args.values, execution, progress.note);
  signal.throwIfAborted();
  const { timesteps: numInferenceSteps, eta } = values;
  const schedule = pipeline.createSchedule({ numInferenceSteps, eta });
  const manifest = await newManifest(name, execution, env, pipeline, signal);
  const setting = { ...args, pipeline, schedule, manifest, progress, signal };
  if (!await settleWindow(script, setting)) return undefined;
  const { count, jobs, settled } = await script.jobs(setting);
  // The jobs may have opened another network, and settle what the flags left open or is not used.
  await hashNetworks(manifest.model.files, pipeline, signal);
  const final = { ...values, ...settled };
  manifest.arguments = recordArguments(script.flags, final, "all");
  manifest.samplesWanted = count;
  const inputs = await digestInputs(script.flags, final);
  if (Object.keys(inputs).length > 0) manifest.inputs = inputs;
  signal.throwIfAborted();
  await using opened = held
    ? await resumeRun(held, manifest, args.overrides)
    : await createRun(manifest, { parent: values.output_path, prefix: script.prefix });
  const resultArguments = recordArguments(script.flags, final, "result");
  const shared = { pipeline, schedule, values, progress, signal };
  const context = { ...opened, ...shared, count, resultArguments };
  try {
    printNotes(args, execution, context);
    await warmUp(context);
    const { run, manifest: { arguments: recorded, outputs } } = opened;
    if (!("args.txt" in outputs)) await run.write("args.txt", argumentsText(recorded));
    await runJobs(jobs, context);
    opened.manifest.devices = pipeline.devices;
    await opened.run.finish("complete");
  } catch (error) {
    opened.manifest.devices = pipeline.devices;
    const { code, message } = describeError(error);
    const interrupted = error instanceof Interrupted;
    if (interrupted) {
      error.hint = `deno task ${script.command} --resume ${opened.run.path} goes on with it`;
    }
    const status = interrupted ? "interrupted" : "failed";
    // A full disk must not hide the error that is already on its way.
    await opened.run.finish(status, { code, message }).catch(() => {});
    throw error;
  }
  return report(opened.run.path, opened.manifest, progress);
}

function report(path: string, manifest: Manifest, progress: Progress): RunSummary {
  const summary = summarise(path, manifest);
  const { records: _, ...figures } = summary;
  progress.done(path, figures, [summaryLine(summary)]);
  return summary;
}

/** `--resume` of a run that is complete: all of it is checked, nothing is done. */
async function reportComplete(path: string, progress: Progress): Promise<RunSummary> {
  const manifest = await readFinishedRun(path);
  progress.note(`${path} is complete, there is nothing to resume`);
  return report(path, manifest, progress);
}

/**
 * Reads a command line and checks all that can be checked before a model is opened.
 *
 * @param held the run of `--resume`
 * @throws {UsageError}
 * @throws {MismatchError} when a flag would change the result of the held run
 */
export async function checkedArguments<
  T extends FlagTable & SamplingTable,
  P extends LatentPipeline<never>,
>(
  script: SamplingScript<T, P>,
  argv: readonly string[],
  held?: HeldRun,
): Promise<Arguments<FlagValues<T>>> {
  const { flags, exclusive, summary: { name } } = script;
  const args = held
    ? resumedArguments(flags, argv, { script: name, held })
    : await readArguments(flags, argv, { script: name, exclusive });
  refuseIgnored(args.values as SamplingValues, parseFlags(flags, argv).given);
  refuseThreads(args.values as SamplingValues);
  checkDevices(args.values as SamplingValues);
  readSeedList((args.values as SamplingValues).seeds);
  script.check?.(args.values, args.given);
  await requireAccess(flags, args.values, args.given);
  return args;
}

/** Threads of one call wait for each other in a loop: more than there are cores make a run slower and hard to stop. */
function refuseThreads({ threads }: SamplingValues): void {
  const cores = navigator.hardwareConcurrency;
  if (threads === undefined || threads <= cores) return;
  throw new UsageError(
    `--threads is ${threads} but takes a whole number, 1-${cores} on this machine`,
  );
}

/** What the user should know before the first round. */
function printNotes(
  { drawnSeed, recordedModel, notes: fitted }: Pick<
    Arguments<unknown>,
    "drawnSeed" | "recordedModel" | "notes"
  >,
  { notes, details }: Execution,
  context: SampleContext,
): void {
  const { pipeline, progress, values } = context;
  for (const note of [...fitted, ...notes, ...(values.verbose ? details : [])]) progress.note(note);
  for (const note of [...pipeline.notes, ...settingNotes(values)]) progress.note(note);
  if (drawnSeed) progress.note(`seed ${values.seed}`);
  const { model_sha256: model } = trajectoryIdentity(context);
  if (recordedModel !== undefined && recordedModel !== model) {
    progress.note(
      `the image of --args_from was made with another model (${
        recordedModel.slice(0, 12)
      }…, this is ${model.slice(0, 12)}…)`,
    );
  }
}

/** A device that is slow over its first run of a size meets every size before the first round. */
async function warmUp({ pipeline, schedule, values, progress }: SampleContext): Promise<void> {
  const { window_size: window, cfg_scale: scale, method } = values;
  const steps = method === "sequential" ? 1 : Math.min(Number(window), schedule.numSteps);
  const started = performance.now();
  const sizes = await pipeline.warmUp(steps * (scale === 1 ? 1 : 2));
  if (sizes.length === 0) return;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const names = pipeline.devices.map(({ name }) => name).join(", ");
  progress.note(`warmed up calls of ${sizes.join(", ")} rows on ${names} in ${seconds} s`);
}

/** Runs the jobs, `--concurrent_samples` of them at once; ends with a sheet of all final images. */
async function runJobs(jobs: Jobs, context: SampleContext): Promise<void> {
  const images: Image[] = [], captions: string[] = [];
  const { concurrent_samples: atOnce = 1 } = context.values as { concurrent_samples?: number };
  for await (const { image, record } of runConcurrently(jobs, context, atOnce)) {
    if (images.length === MOST_ON_SHEET) continue;
    images.push(image);
    captions.push(conditionName(record));
  }
  await writeSheet(context.run, "samples.png", { images, captions });
}

/** `--help` and `--version` win over everything else on the line and need no library. */
export function printedAndDone(
  script: { summary: ScriptSummary; flags: FlagTable },
  argv: readonly string[],
): boolean {
  if (argv.includes("--help") || argv.includes("-h")) {
    printText(helpText(script.summary, script.flags));
  } else if (argv.includes("--version")) {
    printText(versionText());
  } else return false;
  return true;
}

/** `args.txt` in the form of the official scripts: the repr of argparse's namespace. */
export function argumentsText(args: RecordedArguments): Uint8Array {
  const python = (value: RecordedArguments[string]) => {
    if (value === null) return "None";
    if (typeof value === "boolean") return value ? "True" : "False";
    return typeof value === "string" ? JSON.stringify(value) : String(value);
  };
  const pairs = Object.entries(args).map(([name, value]) => `${name}=${python(value)}`);
  return new TextEncoder().encode(`Namespace(${pairs.join(", ")})\n`);
}

function summarise(path: string, { samples }: Manifest): RunSummary {
  const mean = (value: (sample: SampleRecord) => number) =>
    samples.reduce((sum, sample) => sum + value(sample), 0) / samples.length;
  return {
    path,
    samples: samples.length,
    timesteps: mean((sample) => sample.steps),
    rounds: mean((sample) => sample.rounds),
    nfe: mean((sample) => sample.nfe),
    seconds: mean((sample) => sample.seconds.sampling),
    networkSeconds: mean((sample) => sample.seconds.network),
    unconverged: samples.filter((sample) => !sample.converged).length,
    records: samples,
  };
}

function summaryLine({ samples, rounds, nfe, timesteps, unconverged }: RunSummary): string {
  const stopped = unconverged
    ? `; ${unconverged} stopped by --max_steps before the chain was solved`
    : "";
  return `${plural(samples, "sample")}, mean ${rounds.toFixed(1)} rounds and ${
    nfe.toFixed(1)
  } evaluations ` +
    `(sequential: ${plural(timesteps, "step")}, one after another)${stopped}`;
}
