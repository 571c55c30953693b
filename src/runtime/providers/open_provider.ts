/**
 * A provider, tried before the first session.
 * @module
 */
import type { Environment } from "../environment.ts";
import { createSessionOptions, type SessionOptions } from "../session_options.ts";
import { inTurn, queueOf } from "./call_queue.ts";
import type { ProviderReady } from "./provider_row.ts";
import { PROVIDERS } from "./provider_table.ts";

/**
 * Takes every step that sessions of a provider need once in a process, Workers included: finds
 * drivers and libraries, registers a plugin, then lets ONNX Runtime try.
 *
 * @param options of the sessions to come
 * @param folder folder of the vendor's libraries
 * @throws {PermissionError} without `--allow-ffi`, or when a library may not be read
 * @throws {RuntimeLibraryError} in one line, naming what is missing
 * @throws {UsageError} naming an option that ONNX Runtime does not take
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
