/** Checks which execution providers work, by running a network on each. @module */
import type { ProviderSettings } from "../../arguments/flags/cuda_flags.ts";
import { providerOptionsOf } from "../../arguments/flags/provider_options.ts";
import { RuntimeLibraryError } from "../../errors.ts";
import type { Environment } from "../../runtime/environment.ts";
import { InferenceSession } from "../../runtime/inference_session.ts";
import { openProvider } from "../../runtime/providers/open_provider.ts";
import type { Provider } from "../../runtime/providers/provider_row.ts";
import { PROVIDER_NAMES, PROVIDERS } from "../../runtime/providers/provider_table.ts";
import type { SessionOptions } from "../../runtime/session_options.ts";
import { Tensor } from "../../runtime/tensor.ts";
import { attempt, type Check } from "./check.ts";

/**
 * The network y = x + x over float32 [4]; `addModel()` of tests/support/models.ts generates these
 * bytes.
 */
export const PROBE =
  "CAgSDXBhcmF0YWEtdGVzdHM6OAoOCgF4CgF4EgF5IgNBZGQSBHRlc3RaDwoBeBIKCggIARIECgIIBGIPCgF5EgoKCAgBEgQKAggEQgIQEQ==";

/**
 * Checks the providers of this library. An unavailable provider that was not requested is only a
 * note, since the CPU can be used.
 *
 * @param settings `provider`: the one that must work; the CPU by default
 */
export async function checkProviders(
  env: Environment,
  settings: ProviderSettings,
): Promise<Check[]> {
  const { provider: named = "auto" } = settings;
  const wanted = named === "auto" ? "cpu" : named;
  const checks: Check[] = [];
  const absent: Provider[] = [];
  for (const provider of PROVIDER_NAMES) {
    const { epName, takesCudaFlags } = PROVIDERS[provider];
    // CUDA is what most look for.
    const looked = takesCudaFlags || provider === wanted || env.availableProviders.includes(epName);
    if (!looked) {
      absent.push(provider);
      continue;
    }
    const state = provider === wanted ? "fail" : "note";
    const hint = "take another ONNX Runtime by --ort_lib";
    const options = provider === wanted || takesCudaFlags
      ? providerOptionsOf(provider, provider === wanted ? settings : withoutPlugin(settings))
      : {};
    const run = () => tryProvider(env, { ...options, provider }, settings.cudaLibraryPath);
    checks.push(await attempt(provider, run, { state, hint }));
  }
  return [...checks, ...absentCheck(absent)];
}

/** Options of another provider than CUDA are not CUDA's. */
function withoutPlugin(settings: ProviderSettings): ProviderSettings {
  return { ...settings, providerOptions: undefined, providerLibrary: undefined };
}

function absentCheck(absent: readonly Provider[]): Check[] {
  if (absent.length === 0) return [];
  const text = `not in this library: ${absent.join(", ")}`;
  const hint = "docs/devices.md names the packages that have them";
  return [{ name: "others", state: "note", text, hint, data: absent }];
}

async function tryProvider(
  env: Environment,
  options: SessionOptions & { provider: Provider },
  folder: string | undefined,
): Promise<Check> {
  const { provider } = options;
  const { lanes, ids, precision, untested } = PROVIDERS[provider];
  const { deviceId = ids.first } = options;
  const ready = await openProvider(env, { ...options, deviceId }, folder);
  await runProbe(env, { ...options, deviceId });
  const { device, driver, libraries } = ready;
  const where = lanes ? "" : ` on device ${deviceId}${device === undefined ? "" : `, ${device}`}`;
  const text = [
    `loads and computes correctly${where}` +
    (driver === undefined ? "" : `; the driver supports CUDA ${driver}`),
    ...(lanes ? [] : [`precision: ${precision}`]),
    ...(untested ? ["no network of parataa has been tested on it yet: see selftest"] : []),
    ...libraries.map(({ path }) => path),
  ];
  return { name: provider, state: "ok", text: text.join("\n"), data: ready };
}

async function runProbe(env: Environment, options: SessionOptions): Promise<void> {
  const bytes = Uint8Array.fromBase64(PROBE);
  await using session = await InferenceSession.create(env, bytes, options);
  using x = new Tensor(env, "float32", [4], Float32Array.of(1, 2, 3, 4));
  const { y } = await session.run({ x });
  using output = y;
  if (output.data[3] === 8) return;
  throw new RuntimeLibraryError(`${options.provider} doubles 4 to ${output.data[3]}`, {
    hint: "use another version of ONNX Runtime or of the driver",
  });
}
