/** Text to image from the trajectory of an earlier sample, in parallel over timesteps. `--help` lists the flags. @module */
import { runMain } from "../src/cli/main.ts";
import { runSampling } from "../src/jobs/sampling_script.ts";
import { sdWinitScript } from "../src/jobs/sd_winit_script.ts";

if (import.meta.main) {
  await runMain((args, signal) => runSampling(sdWinitScript, args, signal), Deno.args);
}
