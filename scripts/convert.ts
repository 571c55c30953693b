/** Makes a model folder of a checkpoint. `--help` lists the flags. @module */
import { runConvert } from "../src/cli/commands/convert_script.ts";
import { runMain } from "../src/cli/main.ts";

if (import.meta.main) await runMain(runConvert, Deno.args);
