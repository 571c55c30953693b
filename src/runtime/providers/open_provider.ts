/**
 * Prepares a provider before the first session.
 * @module
 */
import type { Environment } from "../environment.ts";
import { createSessionOptions, type SessionOptions } from "../session_options.ts";
import { inTurn, queueOf } from "./call_queue.ts";
import type { ProviderReady } from "./provider_row.ts";
import { PROVIDERS } from "./provider_table.ts";

/**
 * Prepares a provider once per process, also for Workers: finds drivers and libraries, registers a
 * plugin, and appends the provider for a test.
 *
 * @param options options of the later sessions
 * @param folder folder of the vendor's libraries
 * @throws {PermissionError} without `--allow-ffi`, or if a library may not be read
 * @throws {RuntimeLibraryError} naming the missing part
 * @throws {UsageError} naming an option that ONNX Runtime refuses
 */
export async function openProvider(
  env: Environment,
  options: SessionOptions,
  folder?: string,
): Promise<ProviderReady> {
  const { provider = "cpu", deviceId } = options;
  const { prepare } = PROVIDERS[provider];
  const ready = prepare?.(env, { folder, deviceId }) ?? { libraries: [] };
  await inTurn(queueOf(provider), () => createSessionOptions(env, options).close());
  return ready;
}
