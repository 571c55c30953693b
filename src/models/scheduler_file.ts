/** `scheduler/scheduler_config.json` in the words of the schedule. @module */
import { ModelError } from "../errors.ts";
import type { JsonObject, JsonValue } from "../formats/json.ts";
import { shownValue } from "../formats/shown.ts";
import type { SchedulerConfig } from "../sampling/scheduler_config.ts";
import type { ModelFolder } from "./model_folder.ts";

/** What the network predicts. */
export type PredictionType = "epsilon" | "v_prediction";

/** The model's own schedule. */
export interface SchedulerFile {
  /** Values that differ from the kind's preset. */
  config: Partial<SchedulerConfig>;
  predictionType: PredictionType;
}

const FILE = "scheduler/scheduler_config.json";

/**
 * Schedulers that share their noise levels with DDIM: they differ in how they step, and the stepping is ours. diffusers writes any
 * of them beside Stable Diffusion v1.5.
 */
const SCHEDULERS = [
  "DDIMScheduler",
  "DDPMScheduler",
  "PNDMScheduler",
  "LMSDiscreteScheduler",
  "EulerDiscreteScheduler",
  "EulerAncestralDiscreteScheduler",
  "DPMSolverMultistepScheduler",
  "DPMSolverSinglestepScheduler",
  "HeunDiscreteScheduler",
  "UniPCMultistepScheduler",
];

/** Settings that change what a step computes, or its noise levels. */
const UNSUPPORTED = ["clip_sample", "thresholding", "rescale_betas_zero_snr"];

/**
 * Reads the noise levels of the model; a folder without the file has its kind's preset.
 *
 * @throws {ModelError} naming a scheduler, prediction type or beta schedule that we do not know
 */
export async function readSchedulerFile(folder: ModelFolder): Promise<SchedulerFile> {
  const json = await folder.config(FILE);
  const where = `${folder.path}/${FILE}`;
  oneOf(where, json, "_class_name", SCHEDULERS);
  if (json.trained_betas !== undefined && json.trained_betas !== null) {
    throw new ModelError(
      `${where}: trained_betas is a table, needed are beta_start, beta_end and beta_schedule`,
    );
  }
  const unsupported = UNSUPPORTED.find((key) => json[key] === true);
  if (unsupported) {
    throw wrong(where, unsupported, true, "false: it changes the steps, and ours do not");
  }
  const config: Partial<SchedulerConfig> = {
    numTrainTimesteps: number(where, json, "num_train_timesteps"),
    betaStart: number(where, json, "beta_start"),
    betaEnd: number(where, json, "beta_end"),
    betaSchedule: oneOf(where, json, "beta_schedule", ["linear", "scaled_linear"] as const),
    stepsOffset: number(where, json, "steps_offset"),
    setAlphaToOne: boolean(where, json, "set_alpha_to_one"),
  };
  const predictionType = oneOf(
    where,
    json,
    "prediction_type",
    ["epsilon", "v_prediction"] as const,
  );
  return { config, predictionType: predictionType ?? "epsilon" };
}

function number(where: string, json: JsonObject, key: string): number | undefined {
  const value = json[key];
  if (value === undefined || (typeof value === "number" && Number.isFinite(value))) return value;
  throw wrong(where, key, value, "a number");
}

function boolean(where: string, json: JsonObject, key: string): boolean | undefined {
  const value = json[key];
  if (value === undefined || typeof value === "boolean") return value;
  throw wrong(where, key, value, "true or false");
}

function oneOf<T extends string>(
  where: string,
  json: JsonObject,
  key: string,
  choices: readonly T[],
): T | undefined {
  const value = json[key];
  const choice = choices.find((choice) => choice === value);
  if (choice !== undefined || value === undefined) return choice;
  throw wrong(where, key, value, `one of ${choices.join(", ")}`);
}

function wrong(where: string, key: string, value: JsonValue, wanted: string): ModelError {
  return new ModelError(
    `${where}: ${key} is ${shownValue(value)}, needed is ${wanted}`,
  );
}
