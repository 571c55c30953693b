/** Compares a run with sequential sampling. `--help` lists the flags. @module */
import { runMain } from "../src/cli/main.ts";
import { runVerify } from "../src/cli/commands/verify_script.ts";

if (import.meta.main) await runMain(runVerify, Deno.args);
