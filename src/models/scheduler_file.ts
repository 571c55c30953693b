/**
 * `scheduler/scheduler_config.json` in the words of the schedule.
 *
 * Every key that changes noise levels, levels visited or steps is followed, refused by name, or named in a note.
 * @module
 */
import type { JsonValue } from "../formats/json.ts";
import type { PredictionType } from "../sampling/answers.ts";
import { shown, shownValue } from "../text.ts";
import { createSchedule } from "../sampling/schedule.ts";
import {
  type ScheduleKind,
  SCHEDULER_PRESETS,
  type SchedulerConfig,
} from "../sampling/scheduler_config.ts";
import { TIMESTEP_SPACINGS, type TimestepSpacing } from "../sampling/timestep_spacing.ts";
import { ConfigReader } from "./config_reader.ts";
import type { ModelFolder } from "./model_folder.ts";
import {
  SCHEDULER_CLASSES,
  SCHEDULER_DEFAULTS,
  type SchedulerClass,
  type SchedulerDefaults,
  STEPPING_KEYS,
  stepsAsDdim,
} from "./scheduler_classes.ts";

/** The model's own schedule. */
export interface SchedulerFile {
  config: SchedulerConfig;
  predictionType: PredictionType;
  /** What of the file is taken otherwise than written, a line each. */
  notes: readonly string[];
}

const FILE = "scheduler/scheduler_config.json";

/** Settings for networks or samplers of another kind: taken only where they are off. */
const MUST_BE_OFF = [
  "thresholding",
  "rescale_betas_zero_snr",
  "use_flow_sigmas",
  "use_dynamic_shifting",
];

/** Settings that choose levels or noise of the class's own steps, with the values that leave them as they are. */
const NOT_FOLLOWED: Readonly<Record<string, readonly JsonValue[]>> = {
  use_karras_sigmas: [null, false],
  use_exponential_sigmas: [null, false],
  use_beta_sigmas: [null, false],
  use_lu_lambdas: [null, false],
  lambda_min_clipped: [null, -Infinity],
  sigma_min: [null],
  sigma_max: [null],
  final_sigmas_type: [null, "zero"],
  variance_type: [null, "fixed_small", "fixed_small_log"],
};

/**
 * Reads and validates the noise levels of the model; a folder without the file has its kind's preset.
 *
 * @throws {ModelError} naming a key whose value cannot be followed
 */
export async function readSchedulerFile(
  folder: ModelFolder,
  kind: ScheduleKind,
): Promise<SchedulerFile> {
  const file = new ConfigReader(`${folder.path}/${FILE}`, await folder.config(FILE));
  const name = file.oneOf("_class_name", SCHEDULER_CLASSES);
  const notes: string[] = [];
  const source: Source = {
    ...{ file, kind, name },
    defaults: name === undefined ? {} : SCHEDULER_DEFAULTS[name],
    note: (what) => notes.push(`${FILE}: ${what}`),
  };
  if (name === undefined && !file.empty) {
    source.note("no _class_name, absent keys take the published model's values");
  }
  const predictionType = file.oneOf("prediction_type", ["epsilon", "v_prediction"] as const);
  refuseUnsupported(source);
  const config = readConfig(source);
  validate(config, source);
  noteOthers(source);
  return { config, predictionType: predictionType ?? "epsilon", notes };
}

/** A schedule as `inspect` prints it. */
export function schedulerFacts({ config, predictionType }: SchedulerFile): Record<string, string> {
  const { betaSchedule, betaStart, betaEnd, numTrainTimesteps, timestepSpacing } = config;
  return {
    betas: `${betaSchedule}, ${betaStart} to ${betaEnd} over ${numTrainTimesteps} levels`,
    spacing: timestepSpacing === "leading"
      ? `leading, from level ${config.stepsOffset} on`
      : timestepSpacing,
    "last step": config.setAlphaToOne ? "to no noise" : "to the noise of level 0",
    predicts: predictionType,
  };
}

interface Source {
  file: ConfigReader;
  kind: ScheduleKind;
  /** The class that the file names. */
  name: SchedulerClass | undefined;
  /** What the class takes for absent keys. */
  defaults: Partial<SchedulerDefaults>;
  note(what: string): void;
}

function refuseUnsupported(source: Source): void {
  const { file, kind, defaults, note } = source;
  if ((file.get("trained_betas") ?? null) !== null) {
    throw file.wrong("trained_betas", "null, with beta_start, beta_end and beta_schedule");
  }
  if (file.flag("predict_epsilon") === false) throw file.wrong("predict_epsilon", "true");
  file.oneOf("timestep_type", ["discrete"]);
  const on = MUST_BE_OFF.find((key) => file.flag(key));
  if (on !== undefined) throw file.wrong(on, "false, true is not supported");
  const clips = file.flag("clip_sample") ?? defaults.clipSample ?? false;
  if (!clips) return;
  const said = saying("clip_sample", true, source);
  if (kind === "dit") {
    throw file.refusal(`${said}, needed is false`, "the official DiT does not clip: write false");
  }
  note(`${said}, taken as false as diffusers' Stable Diffusion pipelines do`);
}

function readConfig(source: Source): SchedulerConfig {
  const { file, kind, defaults } = source;
  const absent = { ...SCHEDULER_PRESETS[kind], ...defaults };
  const betaSchedule = file.oneOf("beta_schedule", ["linear", "scaled_linear"] as const);
  return {
    numTrainTimesteps: file.number("num_train_timesteps") ?? absent.numTrainTimesteps,
    betaStart: file.number("beta_start") ?? absent.betaStart,
    betaEnd: file.number("beta_end") ?? absent.betaEnd,
    betaSchedule: betaSchedule ?? absent.betaSchedule,
    timestepSpacing: readSpacing(source),
    stepsOffset: readOffset(source),
    // A class without this setting leaves it to the kind's preset, as the spacing.
    setAlphaToOne: file.flag("set_alpha_to_one") ?? absent.setAlphaToOne,
  };
}

/** Classes that space by linspace where their file says nothing are spaced as DDIM does, as their steps are. */
function readSpacing(source: Source): TimestepSpacing {
  const { file, kind, name, defaults, note } = source;
  const preset = SCHEDULER_PRESETS[kind].timestepSpacing;
  const choices = TIMESTEP_SPACINGS.filter((name) => name !== "respaced" || name === preset);
  const written = file.oneOf<TimestepSpacing>("timestep_spacing", choices);
  if (name !== undefined && !stepsAsDdim(name)) {
    note(`the noise levels of ${name} are taken, spaced and stepped as DDIMScheduler does`);
  }
  const own = written ?? defaults.timestepSpacing ?? preset;
  const followed = written === undefined || written === "leading" ? preset : written;
  if (followed !== own) {
    const as = kind === "dit" ? "the official code of DiT does" : "DDIMScheduler does";
    note(`${saying("timestep_spacing", own, source)}, taken as ${followed} as ${as}`);
  }
  return followed;
}

function readOffset(source: Source): number {
  const { file, kind, defaults, note } = source;
  const preset = SCHEDULER_PRESETS[kind].stepsOffset;
  const own = file.number("steps_offset") ?? defaults.stepsOffset ?? preset;
  if (kind === "dit" || own === preset) return own;
  const said = saying("steps_offset", own, source);
  note(`${said}, taken as ${preset} as diffusers' Stable Diffusion pipelines do`);
  return preset;
}

/** `key is value`, or that it is absent and what its class takes then. */
function saying(key: string, value: JsonValue, { file, name }: Source): string {
  const absent = file.get(key) === undefined;
  return `${key} is ${absent ? `absent, ${name}'s default ` : ""}${shownValue(value)}`;
}

/** Makes a schedule, so that what no run would take is refused here. */
function validate(config: SchedulerConfig, { file, kind }: Source): void {
  try {
    createSchedule({ kind, numInferenceSteps: 1, ...config });
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    const message = Object.keys(config).reduce(
      (text, key) => text.replaceAll(key, snakeCase(key)),
      cause.message,
    );
    throw file.refusal(message);
  }
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function noteOthers({ file, note }: Source): void {
  for (const [key, neutral] of Object.entries(NOT_FOLLOWED)) {
    const value = file.get(key);
    if (value === undefined || neutral.includes(value)) continue;
    note(`${key} is ${shownValue(value)}, which is not followed`);
  }
  const unknown = file.unread.filter((key) => !key.startsWith("_") && !STEPPING_KEYS.has(key));
  if (unknown.length > 0) {
    note(`${unknown.map(shown).join(", ")}: not a setting of any scheduler, not followed`);
  }
}
