/** Converts a checkpoint to a model folder. `--help` lists the flags. @module */
import { runConvert } from "../src/cli/commands/convert_script.ts";
import { runMain } from "../src/cli/main.ts";

if (import.meta.main) await runMain(runConvert, Deno.args);
