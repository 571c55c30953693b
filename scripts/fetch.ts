/** Downloads a model from a hub. `--help` lists the flags. @module */
import { runFetch } from "../src/cli/commands/fetch_script.ts";
import { runMain } from "../src/cli/main.ts";

if (import.meta.main) await runMain(runFetch, Deno.args);
