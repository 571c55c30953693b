/**
 * Asks for OpenVINO out of plugin libraries, one after another in this process; prints what is said
 * of each. Arguments: the libraries.
 * @module
 */
import { Environment } from "../../../src/runtime/environment.ts";
import { openProvider } from "../../../src/runtime/providers/open_provider.ts";

if (import.meta.main) {
  using env = Environment.open();
  for (const providerLibrary of Deno.args) {
    try {
      await openProvider(env, { provider: "openvino", providerLibrary });
      console.log("ready");
    } catch (error) {
      const { message, hint, exitCode } = error as Error & { hint: string; exitCode: number };
      console.log(`${exitCode}: ${message} - ${hint}`);
    }
  }
}
