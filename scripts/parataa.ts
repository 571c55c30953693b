/** Runs any command. `--help` lists the commands. @module */
import { runMain } from "../src/cli/main.ts";
import { runParataa } from "../src/cli/parataa.ts";

if (import.meta.main) await runMain(runParataa, Deno.args);
