/** Samples the bundled models. `--help` lists the flags. @module */
import { demoCommand } from "../src/cli/commands/demo_script.ts";
import { runMain } from "../src/cli/main.ts";

if (import.meta.main) await runMain(demoCommand.run, Deno.args);
