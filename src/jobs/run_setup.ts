/** Describes the software that would execute a run. @module */
import type { GivenSettings } from "../arguments/resolve_settings.ts";
import { connectionOptions } from "../arguments/flags/remote_devices.ts";
import { DevicePool } from "../devices/device_pool.ts";
import { isRemote } from "../devices/remote/remote_device.ts";
import { chooseExecution } from "./execution/choose_execution.ts";
import { openEnvironment } from "./execution/open_model.ts";
import { describeSetup, type RunSetup } from "./run_manifest.ts";
import { checkSettings } from "./sample_run.ts";

/**
 * Versions, provider, servers and library of a run with these settings. Opens no model of this
 * machine.
 */
export async function findSetup(settings: GivenSettings): Promise<RunSetup> {
  const { settings: resolved } = await checkSettings(settings);
  const remote = await connectionOptions(resolved);
  using env = openEnvironment(resolved);
  const execution = await chooseExecution(env, resolved);
  const setup = await describeSetup(execution, env);
  const devices = execution.devices?.filter(isRemote) ?? [];
  if (devices.length === 0) return setup;
  await using pool = await DevicePool.open(env, "", { devices, remote });
  return { ...setup, served: pool.served };
}
