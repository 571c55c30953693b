/** Class-conditional sampling with a DiT, in parallel over timesteps. `--help` lists the flags. @module */
import { ditScript } from "../src/jobs/dit_script.ts";
import { runMain } from "../src/cli/main.ts";
import { runSampling } from "../src/jobs/sampling_script.ts";

if (import.meta.main) {
  await runMain((args, signal) => runSampling(ditScript, args, signal), Deno.args);
}
