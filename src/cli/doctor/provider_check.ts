/** Which execution providers really run: each is given a network. @module */
import { RuntimeLibraryError } from "../../errors.ts";
import type { Environment } from "../../runtime/environment.ts";
import { InferenceSession } from "../../runtime/inference_session.ts";
import { type Provider, PROVIDERS } from "../../runtime/session_options.ts";
import { Tensor } from "../../runtime/tensor.ts";
import { attempt, type Check } from "./check.ts";

/** y = x + x over float32 [4]; `addModel()` of tests/support/models.ts makes these bytes. */
export const PROBE =
  "CAgSDXBhcmF0YWEtdGVzdHM6OAoOCgF4CgF4EgF5IgNBZGQSBHRlc3RaDwoBeBIKCggIARIECgIIBGIPCgF5EgoKCAgBEgQKAggEQgIQEQ==";

/** Tries every provider. One that was not asked for is a note where it cannot be had: the CPU serves. */
export async function checkProviders(
  env: Environment,
  wanted: Provider | undefined,
): Promise<Check[]> {
  const checks: Check[] = [];
  for (const provider of PROVIDERS) {
    const needed = provider === (wanted ?? "cpu");
    checks.push(
      await attempt(provider, () => tryProvider(env, provider), {
        state: needed ? "fail" : "note",
        hint: "take another ONNX Runtime by --ort_lib",
      }),
    );
  }
  return checks;
}

async function tryProvider(env: Environment, provider: Provider): Promise<Check> {
  const bytes = Uint8Array.fromBase64(PROBE);
  await using session = await InferenceSession.create(env, bytes, { provider });
  using x = new Tensor(env, "float32", [4], Float32Array.of(1, 2, 3, 4));
  const { y } = await session.run({ x });
  using output = y;
  if (output.data[3] !== 8) {
    throw new RuntimeLibraryError(`the provider ${provider} doubles 4 to ${output.data[3]}`, {
      hint: "take another version of ONNX Runtime or of the driver",
    });
  }
  return { name: provider, state: "ok", text: "loads, and adds right" };
}
