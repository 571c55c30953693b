/**
 * `scheduler/scheduler_config.json` in the words of the schedule.
 *
 * Every key that changes noise levels, levels visited or steps is followed, refused by name, or
 * named in a note.
 * @module
 */
import { outputWeights, type PredictionType } from "../../sampling/schedules/output_weights.ts";
import { createSchedule } from "../../sampling/schedules/schedule.ts";
import {
  BETA_SCHEDULES,
  type ScheduleKind,
  SCHEDULER_PRESETS,
  type SchedulerConfig,
} from "../../sampling/schedules/scheduler_config.ts";
import {
  TIMESTEP_SPACINGS,
  type TimestepSpacing,
} from "../../sampling/schedules/timestep_spacing.ts";
import { ConfigReader } from "../config_reader.ts";
import type { ModelFolder } from "../model_folder.ts";
import { clipFacts, type ClipSettings, readClipSettings } from "./clip_settings.ts";
import { flowFacts, type FlowScheduler, readFlowScheduler } from "./flow_scheduler.ts";
import { checkFamily } from "./scheduler_family.ts";
import {
  SCHEDULER_CLASSES,
  SCHEDULER_DEFAULTS,
  type SchedulerClass,
  stepsAsDdim,
  stepsOf,
} from "./scheduler_classes.ts";
import { type SchedulerName, SCHEDULERS, type StepRule } from "./scheduler_names.ts";
import {
  describeSetting,
  flowRefusal,
  noteIgnoredSettings,
  refuseUnsupported,
  type Source,
} from "./scheduler_settings.ts";
import { eulerSettings, multistepSettings, type SigmaSettings } from "./step_settings.ts";

/** A diffusion model's own levels and steps. */
export interface DiffusionScheduler {
  steps: Exclude<StepRule, "flow_euler">;
  /** Training levels. */
  config: SchedulerConfig;
  /** Choice of the visited levels, if it is not `timestepSpacing`. */
  sigmaSettings: SigmaSettings;
  /** Clipping of the predicted sample, if any. */
  clip?: ClipSettings;
  predictionType: PredictionType;
  /** Settings of the file that are not followed, one line each. */
  notes: readonly string[];
}

/** The model's own schedule. */
export type SchedulerFile = DiffusionScheduler | FlowScheduler;

const FILE = "scheduler/scheduler_config.json";
const FLOW_CLASS = /^FlowMatch/;

/** How to read a scheduler's file. */
export interface SchedulerOptions {
  /** Model whose preset is used in a folder without the file. */
  kind: ScheduleKind;
  /** Replaces the class that the file names; its other keys are followed. */
  scheduler?: SchedulerName;
  /** Follow `steps_offset` and `clip_sample` of the file, which diffusers' pipelines override. */
  ownSettings?: boolean;
}

/**
 * Reads and validates the noise levels of the model; a folder without the file has its kind's
 * preset.
 *
 * @throws {ModelError} naming a key whose value cannot be followed
 * @throws {UsageError} when `scheduler` samples models of another kind
 */
export async function readSchedulerFile(
  folder: ModelFolder,
  { kind, scheduler, ownSettings }: SchedulerOptions,
): Promise<SchedulerFile> {
  const file = new ConfigReader(`${folder.path}/${FILE}`, await folder.config(FILE));
  const own = file.get("_class_name");
  const isFlow = typeof own === "string" && FLOW_CLASS.test(own);
  if (scheduler !== undefined) checkFamily(folder.path, { scheduler, own, isFlow });
  if (isFlow && kind === "dit") throw flowRefusal(file);
  if (isFlow) {
    file.oneOf("_class_name", [SCHEDULERS.flow_euler]);
    return readFlowScheduler(file, FILE);
  }
  return readDiffusionScheduler(file, { kind, scheduler, ownSettings });
}

function readDiffusionScheduler(
  file: ConfigReader,
  { kind, scheduler, ownSettings = kind === "dit" }: SchedulerOptions,
): DiffusionScheduler {
  const own = file.oneOf("_class_name", SCHEDULER_CLASSES);
  const name = scheduler === undefined ? own : SCHEDULERS[scheduler] as SchedulerClass;
  const notes: string[] = [];
  const source: Source = {
    ...{ file, kind, name, ownSettings },
    // A folder without the file has its kind's preset with any scheduler.
    defaults: name === undefined || file.empty ? {} : SCHEDULER_DEFAULTS[name],
    note: (what) => notes.push(`${FILE}: ${what}`),
  };
  if (own === undefined && !file.empty) {
    source.note("no _class_name, absent keys take the published model's values");
  }
  const types = ["epsilon", "v_prediction", "sample"] as const;
  const predictionType = file.oneOf("prediction_type", types) ?? "epsilon";
  refuseUnsupported(source);
  const config = readConfig(source);
  validate({ config, predictionType }, source);
  const steps = stepsOf(name);
  const sigmaSettings = readSigmaSettings(steps, file);
  const clip = readClipSettings(source);
  noteIgnoredSettings(source);
  return { steps, config, sigmaSettings, ...(clip && { clip }), predictionType, notes };
}

function readSigmaSettings(steps: StepRule, file: ConfigReader): SigmaSettings {
  if (steps === "euler") return eulerSettings(file);
  return steps === "dpmpp_2m" ? multistepSettings(file) : {};
}

/** A schedule as `inspect` prints it. */
export function schedulerFacts(scheduler: SchedulerFile): Record<string, string> {
  if (scheduler.steps === "flow_euler") return flowFacts(scheduler);
  const { steps, config, clip, predictionType, sigmaSettings } = scheduler;
  const { sigmaSpacing, finalSigma } = sigmaSettings;
  const { timestepSpacing } = config;
  const toNone = steps === "ddim" ? config.setAlphaToOne : finalSigma === undefined;
  return {
    ...(steps !== "ddim" && { steps }),
    betas: betaFacts(config),
    spacing: sigmaSpacing ??
      (timestepSpacing === "leading"
        ? `leading, from level ${config.stepsOffset} on`
        : timestepSpacing),
    "last step": toNone ? "to no noise" : "to the noise of level 0",
    ...(clip && { clips: clipFacts(clip) }),
    predicts: predictionType,
  };
}

function betaFacts(config: SchedulerConfig): string {
  const { betaSchedule, betaStart, betaEnd, numTrainTimesteps, trainedBetas } = config;
  const shape = trainedBetas
    ? "the model's own,"
    : betaSchedule === "squaredcos_cap_v2"
    ? betaSchedule
    : `${betaSchedule}, ${betaStart} to ${betaEnd}`;
  const last = config.rescaleBetasZeroSnr ? ", rescaled to no last signal" : "";
  return `${shape} over ${numTrainTimesteps} levels${last}`;
}

function readConfig(source: Source): SchedulerConfig {
  const { file, kind, defaults } = source;
  const absent = { ...SCHEDULER_PRESETS[kind], ...defaults };
  const betaSchedule = file.oneOf("beta_schedule", BETA_SCHEDULES);
  const trainedBetas = readTrainedBetas(file);
  return {
    numTrainTimesteps: file.number("num_train_timesteps") ?? absent.numTrainTimesteps,
    betaStart: file.number("beta_start") ?? absent.betaStart,
    betaEnd: file.number("beta_end") ?? absent.betaEnd,
    betaSchedule: betaSchedule ?? absent.betaSchedule,
    timestepSpacing: readSpacing(source),
    stepsOffset: readOffset(source),
    // A class without this setting leaves it to the kind's preset, as the spacing.
    setAlphaToOne: file.flag("set_alpha_to_one") ?? absent.setAlphaToOne,
    ...(trainedBetas && { trainedBetas }),
    ...(file.flag("rescale_betas_zero_snr") && { rescaleBetasZeroSnr: true }),
  };
}

function readTrainedBetas(file: ConfigReader): readonly number[] | undefined {
  const betas = file.get("trained_betas") ?? null;
  if (betas === null) return undefined;
  if (Array.isArray(betas) && betas.every((beta): beta is number => typeof beta === "number")) {
    return betas;
  }
  throw file.wrong("trained_betas", "null or a list of numbers");
}

/**
 * Classes whose own steps are not supported are spaced like DDIM, even if their default is
 * linspace.
 */
function readSpacing(source: Source): TimestepSpacing {
  const { file, kind, name, defaults, note } = source;
  const preset = SCHEDULER_PRESETS[kind].timestepSpacing;
  const choices = TIMESTEP_SPACINGS.filter((name) => name !== "respaced" || name === preset);
  const written = file.oneOf<TimestepSpacing>("timestep_spacing", choices);
  if (stepsOf(name) !== "ddim") return written ?? defaults.timestepSpacing ?? preset;
  if (name !== undefined && !stepsAsDdim(name)) {
    note(`the noise levels of ${name} are taken, spaced and stepped as DDIMScheduler does`);
  }
  const own = written ?? defaults.timestepSpacing ?? preset;
  const followed = written === undefined || written === "leading" ? preset : written;
  if (followed !== own) {
    const as = kind === "dit" ? "the official code of DiT does" : "DDIMScheduler does";
    note(`${describeSetting("timestep_spacing", own, source)}, taken as ${followed} as ${as}`);
  }
  return followed;
}

function readOffset(source: Source): number {
  const { file, kind, ownSettings, defaults, note } = source;
  const preset = SCHEDULER_PRESETS[kind].stepsOffset;
  const own = file.number("steps_offset") ?? defaults.stepsOffset ?? preset;
  if (ownSettings || own === preset) return own;
  const said = describeSetting("steps_offset", own, source);
  note(`${said}, taken as ${preset} as diffusers' Stable Diffusion pipelines do`);
  return preset;
}

/**
 * Creates a schedule with the last training level, if the spacing visits it, so that settings that
 * no run accepts are refused here.
 */
function validate(
  { config, predictionType }: Pick<DiffusionScheduler, "config" | "predictionType">,
  { file, kind }: Source,
): void {
  try {
    createSchedule({ kind, numInferenceSteps: 1, ...config });
    if (!config.rescaleBetasZeroSnr || config.numTrainTimesteps < 2) return;
    outputWeights(createSchedule({ kind, numInferenceSteps: 2, ...config }), predictionType);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    const message = [...Object.keys(config), "predictionType"].reduce(
      (text, key) => text.replaceAll(key, snakeCase(key)),
      cause.message,
    );
    throw file.refusal(message);
  }
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
