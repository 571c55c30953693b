/**
 * Makes the runs that a JSON file asks for and reports on them. `--help` lists the flags.
 * @module
 */
import { runExperiment } from "../src/cli/commands/experiment_script.ts";
import { runMain } from "../src/cli/main.ts";

if (import.meta.main) await runMain(runExperiment, Deno.args);
