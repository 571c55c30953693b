/** `FlowMatchEulerDiscreteScheduler` in `scheduler/scheduler_config.json`. @module */
import {
  createFlowSchedule,
  type FlowScheduleOptions,
} from "../sampling/schedules/flow_schedule.ts";
import { SIGMA_SPACINGS } from "../sampling/schedules/sigma_spacing.ts";
import { shown } from "../text.ts";
import { ConfigReader } from "./config_reader.ts";
import type { ModelFolder } from "./model_folder.ts";

/** A flow model's own levels. */
export interface FlowSchedulerFile {
  /** What the levels are made of, but for their number. */
  flow: Omit<FlowScheduleOptions, "numInferenceSteps">;
  predictionType: "flow" | "inverted_flow";
  /** Settings that are not followed, one line each. */
  notes: readonly string[];
}

const FILE = "scheduler/scheduler_config.json";
const CLASS = "FlowMatchEulerDiscreteScheduler";

/**
 * Reads and validates the levels of a flow model.
 *
 * @throws {ModelError} naming a key whose value cannot be followed, or another scheduler
 */
export async function readFlowSchedulerFile(folder: ModelFolder): Promise<FlowSchedulerFile> {
  const file = new ConfigReader(`${folder.path}/${FILE}`, await folder.config(FILE));
  if (file.get("_class_name") !== CLASS) {
    throw file.wrong("_class_name", CLASS, "the commands dit and sd sample diffusion models");
  }
  if (file.flag("use_dynamic_shifting")) {
    throw file.wrong("use_dynamic_shifting", "false: classes have one size of image");
  }
  const invertSigmas = file.flag("invert_sigmas") ?? false;
  const terminal = file.get("shift_terminal") === null ? undefined : file.number("shift_terminal");
  const flow = {
    numTrainTimesteps: file.number("num_train_timesteps"),
    shift: file.number("shift"),
    shiftTerminal: terminal,
    sigmaSpacing: SIGMA_SPACINGS.find((name) => file.flag(`use_${name}_sigmas`)),
    stochasticSampling: file.flag("stochastic_sampling"),
    invertSigmas,
  };
  validate(flow, file);
  const predictionType = invertSigmas ? "inverted_flow" : "flow";
  return { flow, predictionType, notes: notesOf(file) };
}

/** A flow's levels as `inspect` prints them. */
export function flowFacts({ flow, predictionType }: FlowSchedulerFile): Record<string, string> {
  return {
    steps: flow.stochasticSampling ? "flow_euler, all noise anew" : "flow_euler",
    shift: String(flow.shift ?? 1),
    ...(flow.sigmaSpacing && { spacing: flow.sigmaSpacing }),
    ...(flow.shiftTerminal !== undefined && { "last level": String(flow.shiftTerminal) }),
    predicts: predictionType,
  };
}

/** Refuses levels that no run would take. */
function validate(flow: FlowSchedulerFile["flow"], file: ConfigReader): void {
  try {
    createFlowSchedule({ ...flow, numInferenceSteps: flow.numTrainTimesteps === 1 ? 1 : 2 });
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw file.refusal(cause.message);
  }
}

/** Settings of a shift by the size of the image, which is off. */
const DYNAMIC = [
  ...["base_shift", "max_shift", "base_image_seq_len", "max_image_seq_len", "time_shift_type"],
];

function notesOf(file: ConfigReader): string[] {
  const unknown = file.unread.filter((key) => !key.startsWith("_") && !DYNAMIC.includes(key));
  if (unknown.length === 0) return [];
  return [`${FILE}: ${unknown.map(shown).join(", ")}: not a setting of ${CLASS}, not followed`];
}
