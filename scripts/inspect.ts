/** Describes a file or a folder without native code. `--help` lists the flags. @module */
import { runInspect } from "../src/cli/commands/inspect_script.ts";
import { runMain } from "../src/cli/main.ts";

if (import.meta.main) await runMain(runInspect, Deno.args);
