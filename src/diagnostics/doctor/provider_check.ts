/** Checks which execution providers work, by running a network on each. @module */
import { RuntimeLibraryError } from "../../errors.ts";
import type { Environment } from "../../runtime/environment.ts";
import { InferenceSession } from "../../runtime/inference_session.ts";
import { cudaSessionOptions, openCuda } from "../../runtime/providers/cuda_devices.ts";
import type { CudaOptions } from "../../runtime/providers/cuda_options.ts";
import { type Provider, PROVIDERS, type SessionOptions } from "../../runtime/session_options.ts";
import { Tensor } from "../../runtime/tensor.ts";
import { attempt, type Check } from "./check.ts";

/**
 * The network y = x + x over float32 [4]; `addModel()` of tests/support/models.ts generates these
 * bytes.
 */
export const PROBE =
  "CAgSDXBhcmF0YWEtdGVzdHM6OAoOCgF4CgF4EgF5IgNBZGQSBHRlc3RaDwoBeBIKCggIARIECgIIBGIPCgF5EgoKCAgBEgQKAggEQgIQEQ==";

/** Providers to check. */
export interface ProviderChoice {
  /** The provider that must work; the CPU by default. */
  wanted: Provider | undefined;
  /** Folder of the NVIDIA libraries. */
  folder: string | undefined;
  cuda: CudaOptions;
}

/**
 * Checks every provider. An unavailable provider that was not requested is only a note, since the
 * CPU can be used.
 */
export async function checkProviders(env: Environment, choice: ProviderChoice): Promise<Check[]> {
  const tries = { cpu: () => tryCpu(env), cuda: () => tryCuda(env, choice) };
  const checks: Check[] = [];
  for (const provider of PROVIDERS) {
    const state = provider === (choice.wanted ?? "cpu") ? "fail" : "note";
    const hint = "take another ONNX Runtime by --ort_lib";
    checks.push(await attempt(provider, tries[provider], { state, hint }));
  }
  return checks;
}

async function tryCpu(env: Environment): Promise<Check> {
  await runProbe(env, { provider: "cpu" });
  return { name: "cpu", state: "ok", text: "loads and computes correctly" };
}

async function tryCuda(env: Environment, { folder, cuda }: ProviderChoice): Promise<Check> {
  const { driver, libraries } = openCuda(env, { folder, cuda });
  const { device_id: device = 0 } = cuda;
  await runProbe(env, cudaSessionOptions(device, { cuda }));
  const text = [
    `loads and computes correctly on device ${device}; the driver supports CUDA ${driver.version}`,
    ...libraries.map(({ path }) => path),
  ];
  return { name: "cuda", state: "ok", text: text.join("\n"), data: { driver, libraries } };
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
