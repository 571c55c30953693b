/**
 * Samples a prompt from an earlier trajectory with Stable Diffusion, in parallel over timesteps.
 * `--help` lists the flags.
 * @module
 */
import { runMain } from "../src/cli/main.ts";
import { samplingCommand } from "../src/cli/commands/sampling_command.ts";

if (import.meta.main) await runMain(samplingCommand("sd-winit").run, Deno.args);
