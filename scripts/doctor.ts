/** Says what there is to run on and what is in the way. `--help` lists the flags. @module */
import { runDoctor } from "../src/cli/commands/doctor_script.ts";
import { runMain } from "../src/cli/main.ts";

if (import.meta.main) await runMain(runDoctor, Deno.args);
