/**
 * Sampling with a flow-matching transformer, in parallel over timesteps. `--help` lists the flags.
 * @module
 */
import { runMain } from "../src/cli/main.ts";
import { samplingCommand } from "../src/cli/commands/sampling_command.ts";

if (import.meta.main) await runMain(samplingCommand("flow").run, Deno.args);
