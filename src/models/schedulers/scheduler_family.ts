/** Whether a scheduler samples models of the kind that a folder holds. @module */
import { UsageError } from "../../errors.ts";
import type { JsonValue } from "../../formats/json.ts";
import { shownValue } from "../../text.ts";
import { SCHEDULER_NAMES, type SchedulerName } from "./scheduler_names.ts";

/** A diffusion model is not sampled as a flow, nor the reverse. */
export function checkFamily(
  path: string,
  { scheduler, own, isFlow }: Record<"own", JsonValue | undefined> & {
    scheduler: SchedulerName;
    isFlow: boolean;
  },
): void {
  if (isFlow === (scheduler === "flow_euler")) return;
  const found = own === undefined ? "" : `, its scheduler is ${shownValue(own)}`;
  const wanted = SCHEDULER_NAMES.filter((name) => (name === "flow_euler") === isFlow);
  throw new UsageError(
    (name) =>
      `${name("scheduler")} is ${scheduler}, but ${path} is a ` +
      `${isFlow ? "flow" : "diffusion"} model${found}, wanted ${wanted.join(", ")}`,
  );
}
