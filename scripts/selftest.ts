/** Compares the bundled networks on a device with the CPU. `--help` lists the flags. @module */
import { runMain } from "../src/cli/main.ts";
import { runSelftest } from "../src/cli/commands/selftest_script.ts";

if (import.meta.main) await runMain(runSelftest, Deno.args);
