/**
 * Ways to append a provider: by its name, by TensorRT's functions, or from a plugin library.
 * @module
 */
import { OwnedPointer } from "../../../ffi/owned_pointer.ts";
import { cString, CStringArray, OutPointer, pointerArray } from "../../../ffi/pointer.ts";
import { pickDevice } from "./plugin_library.ts";
import type { AppendTarget, OptionTable, ProviderOptions, ProviderRow } from "./provider_row.ts";

/** Options of a provider with its defaults, in ONNX Runtime's form. */
export function optionPairs(
  { defaults, deviceKey }: OptionTable,
  { providerOptions, deviceId }: ProviderOptions,
): readonly [name: string, value: string][] {
  const device = deviceKey !== undefined && deviceId !== undefined
    ? { [deviceKey]: String(deviceId) }
    : {};
  return Object.entries({ ...defaults, ...providerOptions, ...device });
}

/** Appends a provider by the name that ONNX Runtime's generic function takes. */
export function byName(name: string): NonNullable<ProviderRow["append"]> {
  return ({ api, sessionOptions }, row, options) => {
    const { keys, values, count } = nativePairs(optionPairs(row, options));
    const { SessionOptionsAppendExecutionProvider: append } = api;
    append(sessionOptions, cString(name), keys.pointers, values.pointers, count);
  };
}

/** Appends TensorRT. */
export function appendTensorRt(
  { api, sessionOptions }: AppendTarget,
  row: ProviderRow,
  options: ProviderOptions,
): void {
  const out = new OutPointer();
  api.CreateTensorRTProviderOptions(out.cell);
  const release = api.ReleaseTensorRTProviderOptions;
  using native = new OwnedPointer(out.object, { kind: "TensorRtProviderOptions", release });
  const { keys, values, count } = nativePairs(optionPairs(row, options));
  api.UpdateTensorRTProviderOptions(native.unsafeHandle, keys.pointers, values.pointers, count);
  api.SessionOptionsAppendExecutionProvider_TensorRT_V2(sessionOptions, native.unsafeHandle);
}

/** Appends a device of a plugin library, after registering the library if necessary. */
export function appendPlugin(
  { api, env, sessionOptions }: AppendTarget,
  row: ProviderRow,
  options: ProviderOptions & { readonly providerLibrary: string },
): void {
  const device = pickDevice({ api, env }, row, options);
  const { deviceId: _, ...rest } = options;
  const { keys, values, count } = nativePairs(optionPairs(row.plugin!, rest));
  api.SessionOptionsAppendExecutionProvider_V2(
    ...[sessionOptions, env, pointerArray([device]), 1n] as const,
    ...[keys.pointers, values.pointers, count] as const,
  );
}

/** Names and values of options in native form. */
export function nativePairs(
  pairs: readonly (readonly [name: string, value: string])[],
): { keys: CStringArray; values: CStringArray; count: bigint } {
  const keys = new CStringArray(pairs.map(([name]) => name));
  const values = new CStringArray(pairs.map(([, value]) => value));
  return { keys, values, count: BigInt(keys.length) };
}
