/** Describes the software that would execute a run. @module */
import type { GivenSettings } from "../arguments/settle.ts";
import { chooseExecution } from "./execution/choose_execution.ts";
import { openEnvironment } from "./execution/open_model.ts";
import { describeMaker, type Maker } from "./run_manifest.ts";
import { checkSettings } from "./sample_run.ts";

/** Versions, provider and library of a run with these settings. Opens no model. */
export async function runMaker(settings: GivenSettings): Promise<Maker> {
  const { settings: settled } = await checkSettings(settings);
  using env = openEnvironment(settled);
  return await describeMaker(chooseExecution(env, settled), env);
}
