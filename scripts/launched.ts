/**
 * The entry of `./parataa`, which gives its own name as the first argument: `scripts/parataa.ts`
 * does the same.
 * @module
 */
import { runMain } from "../src/cli/main.ts";
import { runParataa } from "../src/cli/parataa.ts";

if (import.meta.main) await runMain(runParataa, Deno.args.slice(1));
