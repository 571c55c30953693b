/**
 * Asks for CUDA in the way and with the options named, and prints what came of it: cuda_driver.ts
 * reads it. Arguments: `session` or `open`, the library, a JSON object of options.
 * @module
 */
import { ParataaError } from "../../../src/errors.ts";
import { openCuda } from "../../../src/runtime/providers/cuda/cuda_devices.ts";
import { Environment } from "../../../src/runtime/environment.ts";
import { InferenceSession } from "../../../src/runtime/inference_session.ts";
import { addModel } from "../../support/models.ts";

const [way, libraryPath, json] = Deno.args;
const { folder, cuda } = JSON.parse(json);
try {
  using env = Environment.open({ libraryPath });
  if (way === "open") openCuda(env, { folder, cuda });
  else await (await InferenceSession.create(env, addModel(), { provider: "cuda", cuda })).close();
  console.log("ready");
} catch (error) {
  if (!(error instanceof ParataaError)) throw error;
  console.log(`${error.exitCode}: ${error.message}${error.hint ? ` - ${error.hint}` : ""}`);
}
