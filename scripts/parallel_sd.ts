/** Text to image with Stable Diffusion, in parallel over timesteps. `--help` lists the flags. @module */
import { runMain } from "../src/cli/main.ts";
import { runSampling } from "../src/jobs/sampling_script.ts";
import { sdScript } from "../src/jobs/sd_script.ts";

if (import.meta.main) {
  await runMain((args, signal) => runSampling(sdScript, args, signal), Deno.args);
}
