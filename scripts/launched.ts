/**
 * Entry of `./parataa`, which passes its own name as the first argument; otherwise the same as
 * `scripts/parataa.ts`.
 * @module
 */
import { runMain } from "../src/cli/main.ts";
import { runParataa } from "../src/cli/parataa.ts";

if (import.meta.main) await runMain(runParataa, Deno.args.slice(1));
