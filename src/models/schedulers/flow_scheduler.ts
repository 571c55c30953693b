/** `FlowMatchEulerDiscreteScheduler` in a `scheduler_config.json`. @module */
import type { FlowShiftOptions } from "../../sampling/schedules/flow_sigmas.ts";
import {
  createFlowSchedule,
  type FlowScheduleOptions,
} from "../../sampling/schedules/flow_schedule.ts";
import { shown } from "../../text.ts";
import { ConfigReader } from "../config_reader.ts";
import type { ModelFolder } from "../model_folder.ts";
import { checkFamily } from "./scheduler_family.ts";
import { type SchedulerName, SCHEDULERS } from "./scheduler_names.ts";
import { readSigmaSpacing } from "./step_settings.ts";

/** A flow model's own levels and steps. */
export interface FlowScheduler {
  steps: "flow_euler";
  /** Options of the levels, without their number. */
  flow: Omit<FlowScheduleOptions, "numInferenceSteps" | "spacing" | "sigmas" | "mu">;
  /** Dependence of the shift on the size of the image; absent if it is constant. */
  dynamicShift?: FlowShiftOptions;
  predictionType: "flow" | "inverted_flow";
  /** Settings of the file that are not followed, one line each. */
  notes: readonly string[];
}

const FILE = "scheduler/scheduler_config.json";

/**
 * Reads and validates the levels of a class-conditional flow.
 *
 * @throws {ModelError} naming a key whose value cannot be followed, or another scheduler
 * @throws {UsageError} when `scheduler` samples diffusion models
 */
export async function readFlowSchedulerFile(
  folder: ModelFolder,
  { scheduler }: { scheduler?: SchedulerName } = {},
): Promise<FlowScheduler> {
  const file = new ConfigReader(`${folder.path}/${FILE}`, await folder.config(FILE));
  const own = file.get("_class_name"), wanted = SCHEDULERS.flow_euler;
  if (own !== wanted) {
    throw file.wrong("_class_name", wanted, "the commands dit and sd sample diffusion models");
  }
  if (scheduler !== undefined) checkFamily(folder.path, { scheduler, own, isFlow: true });
  if (file.flag("use_dynamic_shifting")) {
    throw file.wrong("use_dynamic_shifting", "false: classes have one size of image");
  }
  return readFlowScheduler(file, FILE);
}

/** Reads the settings of a flow model. @throws {ModelError} naming a value that is not followed */
export function readFlowScheduler(file: ConfigReader, where: string): FlowScheduler {
  file.get("_class_name");
  const prediction = file.get("prediction_type") ?? "flow_prediction";
  if (prediction !== "flow_prediction") {
    throw file.wrong("prediction_type", "flow_prediction, since its class samples flow models");
  }
  const invertSigmas = file.flag("invert_sigmas") ?? false;
  const dynamic = file.flag("use_dynamic_shifting") ?? false;
  const shiftTerminal = file.get("shift_terminal") === null
    ? undefined
    : file.number("shift_terminal");
  const flow = {
    numTrainTimesteps: file.number("num_train_timesteps") ?? 1000,
    timeShiftType: file.oneOf("time_shift_type", ["exponential", "linear"]),
    // diffusers shifts by `shift` or by the size of the image, not by both.
    shift: file.number("shift") ?? 1,
    stochasticSampling: file.flag("stochastic_sampling") ?? false,
    sigmaSpacing: readSigmaSpacing(file),
    ...{ shiftTerminal, invertSigmas },
  };
  const shift = {
    baseImageSeqLen: file.number("base_image_seq_len"),
    maxImageSeqLen: file.number("max_image_seq_len"),
    baseShift: file.number("base_shift"),
    maxShift: file.number("max_shift"),
  };
  validate(flow, file);
  const unknown = file.unread.filter((key) => !key.startsWith("_"));
  const notes = unknown.length === 0 ? [] : [
    `${where}: ${
      unknown.map(shown).join(", ")
    }: not a setting of ${SCHEDULERS.flow_euler}, not followed`,
  ];
  return {
    ...{ steps: "flow_euler", flow, notes },
    ...(dynamic && { dynamicShift: shift }),
    predictionType: invertSigmas ? "inverted_flow" : "flow",
  };
}

/** Refuses levels that no run would take. */
function validate(flow: FlowScheduler["flow"], file: ConfigReader): void {
  try {
    createFlowSchedule({ ...flow, numInferenceSteps: flow.numTrainTimesteps === 1 ? 1 : 2 });
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw file.refusal(cause.message);
  }
}

/** A flow's levels as `inspect` prints them. */
export function flowFacts(
  { flow, dynamicShift, predictionType }: FlowScheduler,
): Record<string, string> {
  return {
    steps: flow.stochasticSampling ? "flow_euler, all noise anew" : "flow_euler",
    shift: dynamicShift ? "by the size of the image" : String(flow.shift),
    ...(flow.sigmaSpacing && { spacing: flow.sigmaSpacing }),
    ...(flow.shiftTerminal !== undefined && { "last level": String(flow.shiftTerminal) }),
    predicts: predictionType,
  };
}
