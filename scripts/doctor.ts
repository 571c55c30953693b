/** Checks the library, the providers and a model. `--help` lists the flags. @module */
import { runDoctor } from "../src/cli/commands/doctor_script.ts";
import { runMain } from "../src/cli/main.ts";

if (import.meta.main) await runMain(runDoctor, Deno.args);
