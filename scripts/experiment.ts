/** Runs a grid of flags from a JSON file and writes a report. `--help` lists the flags. @module */
import { runExperiment } from "../src/cli/commands/experiment_script.ts";
import { runMain } from "../src/cli/main.ts";

if (import.meta.main) await runMain(runExperiment, Deno.args);
