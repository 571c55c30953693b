/** Repeats a run from its manifest and compares every byte. `--help` lists the flags. @module */
import { runMain } from "../src/cli/main.ts";
import { runRerun } from "../src/cli/commands/rerun_script.ts";

if (import.meta.main) await runMain(runRerun, Deno.args);
